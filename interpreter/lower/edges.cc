// Dependencies as edges between steps.
#include <fmt/format.h>

#include <algorithm>

#include "interpreter/lower/dependency.h"

namespace cairn {
namespace {

std::uint64_t key_of(const Edge& edge) {
  // Twice 31 bits for the steps, one for the kind.
  return (static_cast<std::uint64_t>(edge.from) << 33) | (static_cast<std::uint64_t>(edge.to) << 2) |
         (edge.kind == EdgeKind::needs ? 1u : 0u);
}

bool is_inside(const Graph& graph, NodeId node, NodeId group) {
  for (NodeId around = graph.node(node).parent; around != no_node; around = graph.node(around).parent)
    if (around == group) return true;
  return false;
}

std::string because(const Graph& graph, const Dependency& dependency) {
  const Node& on = graph.node(dependency.on);
  if (!dependency.exported.empty()) return fmt::format("reads `{}.{}`", on.path, dependency.exported);
  switch (dependency.reason) {
    case EdgeReason::after:
      return fmt::format("comes after `{}`", on.path);
    case EdgeReason::link:
      return fmt::format("links `{}`", on.path);
    default:
      return fmt::format("uses `{}` in `{}`", on.path, dependency.setting);
  }
}

class EdgeLowering {
 public:
  explicit EdgeLowering(Draft& draft) : draft_(draft), graph_(draft.graph), edges_(draft.graph) {}

  void lower(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.node_class == NodeClass::endpoint) return;
    bool waits = false;
    for (const Dependency& dependency : draft_.of[index(id)].dependencies) {
      if (dependency.own) continue;
      // A probe never waits for its own service, nor for the instance that the service belongs to.
      if (tells_readiness(node, dependency.setting) &&
          (dependency.on == id || is_inside(graph_, id, dependency.on)))
        continue;
      waits = true;
      lower(id, node, dependency);
    }
    if (node.policy.when != When::success && !waits && node.kind != "stage") follow_all(id, node);
  }

 private:
  void lower(NodeId id, const Node& node, const Dependency& dependency) {
    const StepId to =
        tells_readiness(node, dependency.setting) ? graph_.step(id, Phase::ready) : first_step(graph_, id);
    Edge edge{no_step,
              to,
              EdgeKind::needs,
              dependency.reason,
              dependency.data,
              dependency.span,
              because(graph_, dependency)};
    if (node.policy.when != When::success) edge.kind = EdgeKind::follows;
    const Node& on = graph_.node(dependency.on);
    if (dependency.exported == "stopped") {
      add_stopped(dependency.on, edge);
      return;
    }
    if (is_how_it_ended(dependency.exported)) {
      edge.kind = EdgeKind::follows;
      edge.from = on.node_class == NodeClass::service ? graph_.step(dependency.on, Phase::stop)
                                                      : last_of_work(dependency.on);
      edges_.add(std::move(edge));
      return;
    }
    edge.from = done_step(graph_, dependency.on);
    if (edge.from == no_step) return;
    const StepId collect = graph_.step(dependency.on, Phase::collect);
    if (collect != no_step) {
      Edge collected = edge;
      collected.from = collect;
      edges_.add(std::move(collected));
    }
    edges_.add(std::move(edge));
  }

  StepId last_of_work(NodeId node) const {
    const StepId collect = graph_.step(node, Phase::collect);
    return collect != no_step ? collect : done_step(graph_, node);
  }

  // `.stopped` of a service, or of all services of an instance; that it was ready before is part of it.
  void add_stopped(NodeId node, const Edge& like) {
    if (graph_.node(node).node_class == NodeClass::group) {
      for (const NodeId member : graph_.node(node).members) add_stopped(member, like);
      return;
    }
    const StepId stop = graph_.step(node, Phase::stop);
    if (stop == no_step) return;
    Edge edge = like;
    edge.from = stop;
    edges_.add(std::move(edge));
    Edge ready = like;
    ready.from = graph_.step(node, Phase::ready);
    edges_.add(std::move(ready));
  }

  // `failure` and `always` without an `after` come when all else of their stage has ended.
  void follow_all(NodeId id, const Node& node) {
    if (node.parent == no_node) return;
    for (const NodeId other : graph_.node(node.parent).members) {
      const Node& sibling = graph_.node(other);
      if (other == id || sibling.policy.when != When::success || sibling.node_class == NodeClass::endpoint)
        continue;
      edges_.add({last_of_work(other), first_step(graph_, id), EdgeKind::follows, EdgeReason::stage, false,
                  node.span, fmt::format("comes when `{}` has ended", sibling.path)});
    }
  }

  Draft& draft_;
  Graph& graph_;
  Edges edges_;
};

}  // namespace

Edges::Edges(Graph& graph) : graph_(graph) {
  known_.reserve(graph.edges.size() * 2);
  for (std::size_t i = 0; i < graph.edges.size(); ++i)
    known_.emplace(key_of(graph.edges[i]), static_cast<std::uint32_t>(i));
}

void Edges::add(Edge edge) {
  const auto [known, added] = known_.emplace(key_of(edge), static_cast<std::uint32_t>(graph_.edges.size()));
  if (!added) {
    graph_.edges[known->second].data = graph_.edges[known->second].data || edge.data;
    return;
  }
  graph_.edges.push_back(std::move(edge));
}

void lower_edges(Draft& draft) {
  EdgeLowering lowering(draft);
  for (std::size_t i = 0; i < draft.graph.nodes.size(); ++i)
    lowering.lower(NodeId{static_cast<std::uint32_t>(i)});
}

}  // namespace cairn
