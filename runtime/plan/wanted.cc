#include "runtime/plan/wanted.h"

#include <algorithm>

namespace cairn::plan {
namespace {

bool has(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

class Wanting {
 public:
  enum class Follow { everything, no_earlier_tasks, no_stage_order };

  Wanting(const Graph& graph, const std::vector<std::string>& profiles, Follow follow)
      : graph_(graph), profiles_(profiles), follow_(follow), wanted_(graph.steps.size(), 0) {}

  void skip(const std::vector<NodeId>& nodes) { skipped_ = nodes; }

  // The node with all that it holds.
  void want(NodeId node, bool by_name) {
    if (has(skipped_, node) || (!by_name && !in_profile(node))) return;
    for (const StepId step : graph_.node(node).steps)
      if (!stays(step)) want(step);
    for (const NodeId member : graph_.node(node).members) want(member, false);
  }

  void close() {
    bool grew = true;
    while (grew) {
      while (!open_.empty()) {
        const StepId step = open_.back();
        open_.pop_back();
        pull(step);
      }
      grew = follow_ == Follow::everything && want_watchers();
    }
  }

  std::vector<char> take() { return std::move(wanted_); }
  bool wants(StepId step) const { return wanted_[index(step)] != 0; }

 private:
  Phase phase(StepId step) const { return graph_.steps[index(step)].phase; }
  NodeId node_of(StepId step) const { return graph_.steps[index(step)].node; }

  bool in_profile(NodeId node) const {
    const std::vector<std::string>& its = graph_.node(node).policy.profiles;
    return its.empty() || std::any_of(its.begin(), its.end(), [&](const std::string& name) {
             return std::find(profiles_.begin(), profiles_.end(), name) != profiles_.end();
           });
  }

  // Under `up` services and things stay; a step cleans up behind itself all the same.
  bool stays(StepId step) const {
    return follow_ == Follow::no_stage_order && is_finaliser(phase(step)) &&
           graph_.node_of(step).node_class != NodeClass::task;
  }

  void want(StepId step) {
    if (std::exchange(wanted_[index(step)], 1)) return;
    open_.push_back(step);
  }

  void pull(StepId step) {
    // A node is made and undone as a whole; of a group its begin does not want its end.
    if (graph_.node_of(step).node_class != NodeClass::group)
      for (const StepId other : graph_.node_of(step).steps)
        if (!stays(other)) want(other);
    if (is_finaliser(phase(step))) return;
    for (const std::uint32_t number : graph_.edges_to[index(step)]) {
      const Edge& edge = graph_.edges[number];
      const NodeId before = node_of(edge.from);
      if (edge.reason == EdgeReason::claim || edge.reason == EdgeReason::lifetime || has(skipped_, before))
        continue;
      const bool into_end = phase(step) == Phase::end;
      if (into_end && !in_profile(before)) continue;
      const bool group = graph_.node(before).node_class == NodeClass::group;
      const bool own_group = group && phase(edge.from) == Phase::begin;
      if (follow_ == Follow::no_stage_order && edge.reason == EdgeReason::stage && !into_end && !own_group)
        continue;
      if (follow_ == Follow::no_earlier_tasks) {
        if (graph_.node(before).node_class == NodeClass::task && !into_end) continue;
        if (group && phase(edge.from) == Phase::end && phase(step) == Phase::begin) continue;
      }
      want(edge.from);
    }
  }

  // Rule 42: what runs on failure or always is wanted whenever what it watches is.
  bool want_watchers() {
    bool grew = false;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const NodeId id{static_cast<std::uint32_t>(i)};
      const Node& node = graph_.nodes[i];
      if (node.policy.when == When::success || node.steps.empty() || wants(node.steps.front())) continue;
      if (has(skipped_, id) || !in_profile(id)) continue;
      const bool watches = std::any_of(
          graph_.edges_to[index(node.steps.front())].begin(),
          graph_.edges_to[index(node.steps.front())].end(), [&](std::uint32_t number) {
            const Edge& edge = graph_.edges[number];
            const bool watched = edge.reason == EdgeReason::after || edge.reason == EdgeReason::reference ||
                                 (edge.reason == EdgeReason::stage && phase(edge.from) == Phase::end);
            return watched && wants(edge.from);
          });
      if (!watches) continue;
      want(id, false);
      grew = true;
    }
    return grew;
  }

  const Graph& graph_;
  const std::vector<std::string>& profiles_;
  const Follow follow_;
  std::vector<NodeId> skipped_;
  std::vector<char> wanted_;
  std::vector<StepId> open_;
};

}  // namespace

std::vector<char> wanted_by_run(const Graph& graph, const RunGoal& goal) {
  Wanting all(graph, goal.profiles, Wanting::Follow::everything);
  all.skip(goal.skip);
  for (const NodeId stage : goal.stages) all.want(stage, true);
  all.close();
  if (goal.only.empty() && goal.from.empty()) return all.take();

  Wanting some(graph, goal.profiles, Wanting::Follow::no_earlier_tasks);
  some.skip(goal.skip);
  for (const NodeId node : goal.only) some.want(node, true);
  std::vector<char> after(graph.steps.size(), 0);
  for (const NodeId node : goal.from) {
    some.want(node, true);
    for (const StepId step : graph.node(node).steps) after[index(step)] = 1;
  }
  for (const StepId step : graph.order) {
    for (const std::uint32_t number : graph.edges_to[index(step)]) {
      const Edge& edge = graph.edges[number];
      if (edge.reason != EdgeReason::claim && edge.reason != EdgeReason::lifetime && after[index(edge.from)])
        after[index(step)] = 1;
    }
    const NodeId node = graph.steps[index(step)].node;
    const bool acts = graph.node(node).node_class != NodeClass::group;
    if (after[index(step)] && acts && !is_finaliser(graph.steps[index(step)].phase) && all.wants(step))
      some.want(node, true);
  }
  some.close();
  return some.take();
}

std::vector<char> wanted_by_up(const Graph& graph, const UpGoal& goal) {
  Wanting wanting(graph, goal.profiles, Wanting::Follow::no_stage_order);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const NodeId node{static_cast<std::uint32_t>(i)};
    const bool named = has(goal.services, node);
    if (named || (goal.services.empty() && graph.nodes[i].node_class == NodeClass::service))
      wanting.want(node, named);
  }
  wanting.close();
  return wanting.take();
}

}  // namespace cairn::plan
