#include "interpreter/lower/demands.h"

#include <fmt/format.h>

#include <algorithm>

namespace cairn {
namespace {

// `build = "."`, `container = "x"`, `uses = …`: the place was given, in the words of another tool, and that
// is told.
bool place_by_another_name(Span block, const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.all().begin(), diagnostics.all().end(), [&](const Diagnostic& one) {
    if ((one.code != "S0411" && one.code != "S0206") || one.helps.empty()) return false;
    const Span span = one.primary.span;
    if (span.file != block.file || span.begin < block.begin || span.end > block.end) return false;
    const std::string& help = one.helps.front();
    return help.find("`image`") != std::string::npos || help.find("an image") != std::string::npos ||
           help.find("`in`") != std::string::npos || help.starts_with("`uses`");
  });
}

// Exactly one of `image` and `in` (section 4); nothing runs on the host unless the file says so.
void check_place(Evaluator& evaluator, NodeId id, const Node& node, Diagnostics& diagnostics) {
  if (node.kind != "run" && node.kind != "service") return;
  // A place that was given but could not be evaluated is a place.
  for (const std::string_view setting : {"image", "in", "like"})
    if (evaluator.written_setting(id, setting) != nullptr && node.setting(setting) == nullptr) return;
  const bool image = !node.value("image").null();
  const bool in = !node.value("in").null();
  if (image != in) return;
  const std::string name = fmt::format("{} {}", node.kind, evaluator.state(id).declaration->name);
  if (!image) {
    const Span block = evaluator.state(id).declaration->statement->span;
    if (diagnostics.has_syntax_error_within(block) || place_by_another_name(block, diagnostics)) return;
    diagnostics.error("S0403", node.span, fmt::format("`{}` has no place", name), "where is it to run?")
        .help("give `image`, or `in = \"host\"`")
        .note("nothing runs on the host by default");
    return;
  }
  diagnostics
      .error("S0403", node.setting("in")->span, fmt::format("`{}` has two places", name), "another place")
      .label(node.setting("image")->span, "a container of this image");
}

void check_self(const Evaluator& evaluator, NodeId id, const Draft& draft, Diagnostics& diagnostics) {
  for (const Dependency& dependency : draft.of[index(id)].dependencies) {
    if (dependency.on != id || dependency.own || tells_readiness(draft.graph.node(id), dependency.setting))
      continue;
    const std::string& name = evaluator.state(id).span_of->name;
    const bool stage = draft.graph.node(id).kind == "stage";
    Diagnostic& error = diagnostics.error(
        "S0401", dependency.span,
        stage ? fmt::format("stage `{}` comes after itself", name) : "a node cannot depend on itself",
        fmt::format("`{}` is this {}", name, stage ? "stage" : "node"));
    if (!stage && !dependency.exported.empty())
      error.help(fmt::format("`self.{}` is known without waiting", dependency.exported));
    return;
  }
}

}  // namespace

void check_demands(Evaluator& evaluator, Draft& draft) {
  Diagnostics& diagnostics = evaluator.program.diagnostics;
  for (std::size_t i = 0; i < draft.graph.nodes.size(); ++i) {
    const NodeId id{static_cast<std::uint32_t>(i)};
    const NodeState& state = evaluator.state(id);
    if (state.declaration != nullptr && evaluator.program.poisoned.contains(state.declaration)) continue;
    check_place(evaluator, id, draft.graph.nodes[i], diagnostics);
    check_paths_inside(evaluator, id, draft.graph.nodes[i]);
    check_health(evaluator, id, draft.graph.nodes[i]);
    check_inside_service(evaluator, id, draft.graph);
    check_copy(evaluator, id, draft);
    check_self(evaluator, id, draft, diagnostics);
  }
}

}  // namespace cairn
