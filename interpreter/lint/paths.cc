// Files that are read and do not exist, and files that two steps write.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "interpreter/lint/accesses.h"
#include "interpreter/lint/lint.h"
#include "interpreter/lint/order.h"

namespace cairn::lint {
namespace {

class Missing {
 public:
  Missing(const Request& request, Diagnostics& findings)
      : graph_(request.graph), inputs_(request.inputs), findings_(findings) {}

  void find() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      node_ = NodeId{static_cast<std::uint32_t>(n)};
      const Node& node = graph_.nodes[n];
      if (node.kind == "image") {
        build(node);
      } else if (node.node_class == NodeClass::service || node.node_class == NodeClass::task) {
        listed(node, "env_file", "the step cannot start");
        mapped(node, "files", "there is nothing to put in its place");
        if (node.value("in").null())
          mapped(node, "mounts", "an engine makes an empty folder in its place, owned by root");
      }
    }
    // What a process of this machine may make before it is needed is not missing.
    std::vector<Question> questions;
    std::vector<StepId> makers;
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n)
      if (graph_.nodes[n].kind == "run" && !graph_.nodes[n].value("in").null())
        makers.push_back(graph_.step(NodeId{static_cast<std::uint32_t>(n)}, Phase::run));
    for (const Finding& finding : found_)
      for (const StepId maker : makers) questions.push_back({maker, graph_.node(finding.node).steps.front()});
    const std::vector<bool> before = comes_before(graph_, questions);
    for (std::size_t f = 0; f < found_.size(); ++f) {
      const auto begin = before.begin() + static_cast<std::ptrdiff_t>(f * makers.size());
      if (std::find(begin, begin + static_cast<std::ptrdiff_t>(makers.size()), true) !=
          begin + static_cast<std::ptrdiff_t>(makers.size()))
        continue;
      const Finding& finding = found_[f];
      Diagnostic& told = findings_.warning("L0506", finding.span, finding.message, finding.label);
      if (!finding.note.empty()) told.note(finding.note);
    }
  }

 private:
  struct Finding {
    NodeId node = no_node;
    Span span;
    std::string message, label, note;
  };

  bool exists(const std::string& path) {
    const auto [known, fresh] = known_.try_emplace(path, false);
    if (fresh) known->second = path == "." || inputs_.exists(path);
    return known->second;
  }

  void add(Span written, std::string message, std::string label, std::string note = {}) {
    const Span span = reader_span(graph_, node_, written);
    if (span.known() && told_.insert({span.file, span.begin, message}).second)
      found_.push_back({node_, span, std::move(message), std::move(label), std::move(note)});
  }

  void look(const Path& path, Span span, const std::string& label) {
    const std::optional<std::string> inside = project_path(path);
    if (inside && path.text.find('*') == std::string::npos && !exists(*inside))
      add(span, fmt::format("there is no `{}`", path.text), label);
  }

  void listed(const Node& node, const char* name, const std::string& label) {
    const Setting* setting = node.setting(name);
    if (setting == nullptr || !setting->written) return;
    for (const Value* value : elements_of(node, name))
      if (const Path* path = value->as<Path>()) look(*path, setting->span, label);
  }

  void mapped(const Node& node, const char* name, const std::string& label) {
    const Setting* setting = node.setting(name);
    const Map* map = setting == nullptr || !setting->written ? nullptr : setting->value.as<Map>();
    if (map == nullptr) return;
    for (const auto& [key, entry] : map->entries) {
      const Value* value = &entry;
      while (const Made* made = value->as<Made>()) {
        if (made->arguments.entries.empty()) break;
        value = &made->arguments.entries.front().second;
      }
      if (const Path* path = value->as<Path>()) look(*path, setting->span, label);
    }
  }

  void build(const Node& node) {
    mapped(node, "contexts", "the build will find nothing here");
    const Setting* context = node.setting("context");
    const Path* folder = context == nullptr || !context->written ? nullptr : context->value.as<Path>();
    const std::optional<std::string> root = folder == nullptr ? std::nullopt : project_path(*folder);
    if (!root) return;
    if (!exists(*root))
      return add(context->span, fmt::format("there is no folder `{}`", folder->text),
                 "the build will find nothing here");
    if (!node.value("dockerfile_inline").null()) return;
    const Setting* dockerfile = node.setting("dockerfile");
    const std::string* name = dockerfile == nullptr ? nullptr : dockerfile->value.as<std::string>();
    if (dockerfile != nullptr && dockerfile->value.late_anywhere()) return;
    const std::string text = name != nullptr ? *name : "Dockerfile";
    const std::optional<std::string> file = project_path({text, *root == "." ? "" : *root});
    if (file && !exists(*file))
      add(dockerfile != nullptr && dockerfile->written ? dockerfile->span : context->span,
          fmt::format("there is no `{}` in `{}`", text, folder->text), "the build will fail here",
          "`dockerfile` is read from the folder that `context` names");
  }

  const Graph& graph_;
  Inputs& inputs_;
  Diagnostics& findings_;
  NodeId node_ = no_node;
  std::vector<Finding> found_;
  std::map<std::string, bool> known_;
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::string>> told_;
};

// A container keeps its files to itself; processes of this machine share theirs.
void find_overwritten(const Graph& graph, Diagnostics& findings) {
  struct Promise {
    NodeId node = no_node;
    Span span;
  };
  std::map<std::string, std::vector<Promise>> by_file;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const std::string* where = node.value("in").as<std::string>();
    if (node.kind != "run" || where == nullptr || *where != "host" ||
        node.value("working_dir").late_anywhere())
      continue;
    const std::string* folder = node.value("working_dir").as<std::string>();
    auto promise = [&](const Value& value, Span span) {
      const std::string* text = value.as<std::string>();
      const Path* path = value.as<Path>();
      const std::string file = text != nullptr ? *text : path != nullptr ? path->text : std::string();
      if (file.empty() || file.find('*') != std::string::npos || value.secret) return;
      // Nodes of one file share a working folder; a kind of another file has one of its own.
      by_file[fmt::format("{}\n{}\n{}", node.span.file, folder == nullptr ? "" : *folder, file)].push_back(
          {NodeId{static_cast<std::uint32_t>(n)},
           reader_span(graph, NodeId{static_cast<std::uint32_t>(n)}, span)});
    };
    for (const Value* value : elements_of(node, "artifacts"))
      promise(*value, node.setting("artifacts")->span);
    for (const Value* value : elements_of(node, "reports"))
      if (const Made* report = value->as<Made>(); report != nullptr)
        if (const Value* path = report->arguments.find("path")) promise(*path, node.setting("reports")->span);
  }
  struct Pair {
    const Promise* a = nullptr;
    const Promise* b = nullptr;
    std::string file;
  };
  std::vector<Pair> pairs;
  std::vector<Question> questions;
  for (const auto& [key, promises] : by_file)
    for (std::size_t i = 1; i < promises.size(); ++i) {
      const Promise& a = promises[i - 1];
      const Promise& b = promises[i];
      if (a.node == b.node) continue;
      pairs.push_back({&a, &b, key.substr(key.rfind('\n') + 1)});
      questions.push_back({graph.step(a.node, Phase::run), graph.step(b.node, Phase::run)});
      questions.push_back({graph.step(b.node, Phase::run), graph.step(a.node, Phase::run)});
    }
  const std::vector<bool> before = comes_before(graph, questions);
  std::set<std::pair<std::uint32_t, std::uint32_t>> told;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const Pair& pair = pairs[p];
    if (before[2 * p] || before[2 * p + 1] || !told.insert({pair.b->span.file, pair.b->span.begin}).second)
      continue;
    Diagnostic& finding =
        findings.warning("L0507", pair.b->span,
                         fmt::format("`{}` and `{}` both write `{}`", graph.node(pair.a->node).path,
                                     graph.node(pair.b->node).path, pair.file),
                         "one overwrites what the other promised");
    if (pair.a->span != pair.b->span) finding.label(pair.a->span, "the other one");
    finding.help("give each a file of its own: put a name, or the key of the `for`, into the path");
  }
}

}  // namespace

void find_paths(const Request& request, Diagnostics& findings) {
  Missing(request, findings).find();
  find_overwritten(request.graph, findings);
}

}  // namespace cairn::lint
