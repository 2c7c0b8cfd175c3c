// `clone … onto = volume`: services that use the volume are stopped and started around the overwrite, so they
// have to be ready before it, and to live until it is done. Those that the file orders otherwise (they come
// after the clone, or have stopped before it) are left alone.
#include <fmt/format.h>

#include "interpreter/graph_algorithms.h"
#include "interpreter/lower/dependency.h"

namespace cairn {
namespace {

struct Overwrite {
  NodeId clone = no_node, service = no_node;
};

std::vector<Overwrite> overwrites_of(const Graph& graph) {
  std::vector<Overwrite> found;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& clone = graph.nodes[i];
    const NodeRef* onto = clone.kind == "clone" ? clone.value("onto").as<NodeRef>() : nullptr;
    if (onto == nullptr) continue;
    const StepId unmake = graph.step(onto->node, Phase::unmake);
    for (const Edge& edge : graph.edges) {
      if (edge.to != unmake || edge.reason != EdgeReason::lifetime) continue;
      const NodeId user = graph.steps[index(edge.from)].node;
      if (graph.node(user).node_class == NodeClass::service)
        found.push_back({NodeId{static_cast<std::uint32_t>(i)}, user});
    }
  }
  return found;
}

}  // namespace

void lower_overwrites(Draft& draft) {
  Graph& graph = draft.graph;
  const std::vector<Overwrite> all = overwrites_of(graph);
  if (all.empty()) return;
  const Digraph steps = steps_of(graph);
  if (find_cycle(steps)) return;  // reported by what comes next
  Reach reach(steps);
  const auto leads = [&](StepId from, StepId to) {
    return reach.leads(static_cast<Vertex>(from), static_cast<Vertex>(to));
  };
  Edges edges(graph);
  for (const Overwrite& one : all) {
    const StepId make = graph.step(one.clone, Phase::make);
    const StepId ready = graph.step(one.service, Phase::ready), stop = graph.step(one.service, Phase::stop);
    if (leads(make, ready) || leads(stop, make)) continue;
    const Node& clone = graph.node(one.clone);
    const Span span = clone.setting("onto")->span;
    const std::string because =
        fmt::format("`{}` is stopped and started around `{}`", graph.node(one.service).path, clone.path);
    edges.add({ready, make, EdgeKind::needs, EdgeReason::mount, false, span, because});
    edges.add({make, stop, EdgeKind::follows, EdgeReason::lifetime, false, span, because});
    bool held = false;
    for (const Hold& hold : graph.holds) held = held || (hold.user == make && hold.service == one.service);
    if (!held) graph.holds.push_back({make, one.service, span});
  }
}

}  // namespace cairn
