// Stages, instances and the nodes of a `for`: their members lie between a begin and an end.
#include <fmt/format.h>

#include "interpreter/lower/dependency.h"

namespace cairn {
namespace {

std::string kind_of_group(const Node& group) {
  return group.kind == "stage" ? "stage" : group.kind == "for" ? "loop" : "instance";
}

}  // namespace

void lower_groups(Draft& draft) {
  Graph& graph = draft.graph;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.parent == no_node || node.node_class == NodeClass::endpoint) continue;
    const NodeId id{static_cast<std::uint32_t>(i)};
    const Node& group = graph.node(node.parent);
    const StepId begin = graph.step(node.parent, Phase::begin);
    const StepId end = graph.step(node.parent, Phase::end);
    const EdgeKind kind = node.policy.when == When::success ? EdgeKind::needs : EdgeKind::follows;
    const std::string name = fmt::format("{} `{}`", kind_of_group(group), group.path);
    graph.edges.push_back(
        {begin, first_step(graph, id), kind, EdgeReason::stage, false, node.span, "belongs to " + name});
    graph.edges.push_back(
        {done_step(graph, id), end, kind, EdgeReason::stage, false, node.span, "is part of " + name});
    // A task counts with its reports and artifacts.
    if (const StepId collect = graph.step(id, Phase::collect); collect != no_step)
      graph.edges.push_back({collect, end, kind, EdgeReason::stage, false, node.span, "is part of " + name});
  }
}

}  // namespace cairn
