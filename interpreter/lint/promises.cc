// Results that are promised where nothing can make them.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "interpreter/lint/accesses.h"
#include "interpreter/lint/lint.h"

namespace cairn::lint {
namespace {

// Whether a run of it gives at least one case of a report.
bool makes_cases(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.kind == "dbtest" || node.kind == "verify" || node.kind == "compare" || node.kind == "check")
    return true;
  if (!elements_of(node, "reports").empty()) return true;
  return std::any_of(node.members.begin(), node.members.end(),
                     [&](NodeId member) { return makes_cases(graph, member); });
}

class Promises {
 public:
  Promises(const Graph& graph, Diagnostics& findings) : graph_(graph), findings_(findings) {}

  void look() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      node_ = NodeId{static_cast<std::uint32_t>(n)};
      const Node& node = graph_.nodes[n];
      if (node.kind == "report") report_of_nothing(node);
      if (node.kind != "run" || !node.value("in").null()) continue;
      for (const Value* value : elements_of(node, "artifacts"))
        promised(*value, node.setting("artifacts")->span);
      for (const Value* value : elements_of(node, "reports"))
        if (const Made* report = value->as<Made>())
          if (const Value* path = report->arguments.find("path"))
            promised(*path, node.setting("reports")->span);
    }
  }

 private:
  // A report of a group holds what its members make; `from` left out is the whole file.
  void report_of_nothing(const Node& report) {
    const Setting* from = report.setting("from");
    const bool written = from != nullptr && from->written && !elements_of(report, "from").empty();
    if (!written) {
      for (std::size_t n = 0; n < graph_.nodes.size(); ++n)
        if (makes_cases(graph_, NodeId{static_cast<std::uint32_t>(n)})) return;
      tell(report.span, fmt::format("`{}` is a report of tests, and nothing here makes any", report.path),
           {});
      return;
    }
    for (const Value* value : elements_of(report, "from"))
      if (const NodeRef* one = value->as<NodeRef>(); one != nullptr && !makes_cases(graph_, one->node))
        tell(from->span,
             fmt::format("`{}` reports on `{}`, which makes no results", report.path,
                         graph_.node(one->node).path),
             "give that step `reports = [junit(\"…\")]`", "there is nothing to report");
  }

  void promised(const Value& value, Span span) {
    const std::string* text = value.as<std::string>();
    const Path* as_path = value.as<Path>();
    const std::string path = text != nullptr ? *text : as_path != nullptr ? as_path->text : std::string();
    if (value.secret || !path.starts_with('/')) return;
    const std::string folder = path.substr(0, path.find('*'));
    const Node& node = graph_.node(node_);
    std::size_t covered = 0;  // how much of the path the longest mount point is
    bool read_only = node.value("read_only").as<bool>() != nullptr && *node.value("read_only").as<bool>();
    std::string by = "`read_only = true`";
    const auto cover = [&](std::string_view point, bool protects, std::string what) {
      while (point.size() > 1 && point.ends_with('/')) point.remove_suffix(1);
      const bool around = folder.starts_with(point) &&
                          (folder.size() == point.size() || point == "/" || folder[point.size()] == '/');
      if (!around || point.size() < covered) return;
      covered = point.size();
      read_only = protects;
      by = std::move(what);
    };
    for (const Value* one : elements_of(node, "tmpfs"))
      if (const std::string* place = one->as<std::string>())
        cover(std::string_view(*place).substr(0, place->find(':')), false, {});
    if (const Map* mounts = node.value("mounts").as<Map>())
      for (const auto& [point, source] : mounts->entries)
        cover(point, is_read_only(source), fmt::format("the mount at `{}`, which is only read", point));
    if (read_only)
      tell(span, fmt::format("`{}` promises `{}` where it cannot write: {}", node.path, path, by),
           "promise a place outside of it, or mount it without `readonly(…)`");
  }

  bool is_read_only(const Value& source) const {
    const Value* at = &source;
    while (const Made* made = at->as<Made>()) {
      if (made->function == "readonly") return true;
      if (made->arguments.entries.empty()) return false;
      at = &made->arguments.entries.front().second;
    }
    const NodeRef* volume = at->as<NodeRef>();
    const bool* whole = volume == nullptr ? nullptr : graph_.node(volume->node).value("read_only").as<bool>();
    return whole != nullptr && *whole;
  }

  void tell(Span written, std::string message, std::string help,
            std::string label = "it will be missing, and that fails") {
    const Span span = reader_span(graph_, node_, written);
    if (!told_.insert({span.file, span.begin}).second) return;
    Diagnostic& finding = findings_.warning("L0508", span, std::move(message), std::move(label));
    if (!help.empty()) finding.help(std::move(help));
  }

  const Graph& graph_;
  Diagnostics& findings_;
  NodeId node_ = no_node;
  std::set<std::pair<std::uint32_t, std::uint32_t>> told_;
};

}  // namespace

void find_empty_promises(const Graph& graph, Diagnostics& findings) {
  Promises(graph, findings).look();
}

}  // namespace cairn::lint
