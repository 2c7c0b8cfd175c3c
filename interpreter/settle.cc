#include "interpreter/settle.h"

#include <mutex>

namespace cairn {
namespace {

// Lends the evaluator to one reader; at the end everything is as it was.
class AtRunTime {
 public:
  AtRunTime(Evaluator& evaluator, LateSource& source, NodeId reader)
      : evaluator_(evaluator), lock_(evaluator.one_reader), kept_(evaluator.sink) {
    evaluator_.sink = &mistakes_;
    evaluator_.late_source = &source;
    evaluator_.reader = reader;
  }
  ~AtRunTime() {
    evaluator_.sink = kept_;
    evaluator_.late_source = nullptr;
    evaluator_.reader = no_node;
  }
  AtRunTime(const AtRunTime&) = delete;
  AtRunTime& operator=(const AtRunTime&) = delete;

  std::vector<Diagnostic> mistakes() const { return mistakes_.sorted(); }
  bool failed() const { return mistakes_.has_errors(); }

 private:
  Evaluator& evaluator_;
  std::lock_guard<std::mutex> lock_;
  Diagnostics* kept_;
  Diagnostics mistakes_;
};

Diagnostic unexplained(const Setting& setting) {
  Diagnostic mistake;
  mistake.code = "R0302";
  mistake.message = "`" + setting.name + "` could not be evaluated";
  mistake.primary = {setting.span, ""};
  return mistake;
}

}  // namespace

const Value& Settled::value(std::string_view name) const {
  static const Value nothing{};
  for (const Setting& setting : settings)
    if (setting.name == name) return setting.value;
  return nothing;
}

Settled settle(const Compiled& compiled, NodeId node, LateSource& source) {
  Settled settled;
  Evaluator& evaluator = *compiled.evaluator;
  settled.settings = compiled.graph->node(node).settings;
  const KindDecl* kind = evaluator.native_kind(node);
  AtRunTime run(evaluator, source, node);
  for (Setting& setting : settled.settings) {
    const ParamDecl* declared = kind == nullptr ? nullptr : kind->param(setting.name);
    if (declared != nullptr && declared->deferred) continue;
    if (!setting.value.late_anywhere()) continue;
    const bool failed_before = run.failed();
    std::optional<Value> value = evaluator.known_now(setting.value);
    if (value && value->null() && declared != nullptr) value = evaluator.default_of(node, *declared);
    if (value)
      setting.value = std::move(*value);
    else if (!run.failed() || (failed_before && settled.mistakes.empty()))
      settled.mistakes.push_back(unexplained(setting));
  }
  for (Diagnostic& mistake : run.mistakes()) settled.mistakes.push_back(std::move(mistake));
  return settled;
}

Asked ask(const Compiled& compiled, NodeId node, std::string_view setting, LateSource& source,
          const std::vector<std::pair<std::string, Value>>& names) {
  Asked asked;
  const Setting* found = compiled.graph->node(node).setting(setting);
  if (found == nullptr || found->value.null()) return asked;
  Evaluator& evaluator = *compiled.evaluator;
  AtRunTime run(evaluator, source, node);
  std::optional<Value> value = evaluator.known_now(found->value, names);
  if (value) asked.value = std::move(*value);
  asked.mistakes = run.mistakes();
  if (!value && asked.mistakes.empty()) asked.mistakes.push_back(unexplained(*found));
  return asked;
}

}  // namespace cairn
