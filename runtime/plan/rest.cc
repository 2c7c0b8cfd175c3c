#include "runtime/plan/rest.h"

#include <algorithm>

namespace cairn::plan {
namespace {

bool is_made(const Node& node) {
  return node.node_class == NodeClass::thing || node.node_class == NodeClass::service;
}

// The step whose success shows that the node came to be: make, ready or run.
StepId main_step(const Graph& graph, NodeId id) {
  for (const Phase phase : {Phase::make, Phase::ready, Phase::run})
    if (const StepId step = graph.step(id, phase); step != no_step) return step;
  return no_step;
}

void add(std::vector<NodeId>& nodes, NodeId node) {
  if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
}

}  // namespace

Rest::Rest(const Graph& graph, const Facts& facts, const std::string& run, const std::vector<char>& wanted)
    : graph_(graph),
      facts_(facts),
      run_(run),
      to_do_(graph.nodes.size(), 0),
      needed_(graph.nodes.size(), 0),
      uses_of_(graph.nodes.size()),
      users_of_(graph.nodes.size()) {
  const auto use = [&](NodeId user, NodeId used) {
    if (user == used || !is_made(graph.node(used))) return;
    add(uses_of_[index(user)], used);
    add(users_of_[index(used)], user);
  };
  for (const Hold& hold : graph.holds) use(graph.steps[index(hold.user)].node, hold.service);
  for (const Edge& edge : graph.edges) {
    if (edge.reason != EdgeReason::reference && edge.reason != EdgeReason::link &&
        edge.reason != EdgeReason::mount && edge.reason != EdgeReason::after)
      continue;
    if (!is_finaliser(graph.steps[index(edge.to)].phase) &&
        !is_finaliser(graph.steps[index(edge.from)].phase))
      use(graph.steps[index(edge.to)].node, graph.steps[index(edge.from)].node);
  }
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const StepId main = main_step(graph, NodeId{static_cast<std::uint32_t>(n)});
    if (main != no_step && wanted[index(main)] && !succeeded(main))
      (is_made(graph.nodes[n]) ? needed_ : to_do_)[n] = 1;
  }
  // What is to be done needs what it uses; what is made anew is new to those who are done with it.
  for (bool grew = true; grew;) {
    grew = false;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      const NodeId id{static_cast<std::uint32_t>(n)};
      const StepId main = main_step(graph, id);
      if (main == no_step || !wanted[index(main)]) continue;
      char& its = is_made(graph.nodes[n]) ? needed_[n] : to_do_[n];
      if (its) continue;
      its = is_made(graph.nodes[n]) ? is_used_by_rest(id)
                                    : made_anew_before(id) != no_node || withheld_is_read(id);
      grew = grew || its;
    }
  }
}

bool Rest::succeeded(StepId step) const {
  const auto found = facts_.of_step.find(graph_.name(step));
  return found != facts_.of_step.end() &&
         (found->second == Recorded::succeeded || found->second == Recorded::withheld);
}

bool Rest::is_whole(NodeId id) const {
  const Node& node = graph_.node(id);
  const auto fact = facts_.of_node.find(node.path);
  const Ours* there = fact == facts_.of_node.end() ? nullptr : std::get_if<Ours>(&fact->second.found);
  // Made by a single call: it is there as a whole, or not at all.
  if (node.node_class == NodeClass::thing && there != nullptr && there->state == ObjectState::ready)
    return true;
  const StepId made = node.steps.empty() ? no_step : node.steps.front();
  if (made == no_step || !succeeded(made)) return false;
  if (node.node_class != NodeClass::service) return true;
  // Created, and not started yet, or started as a whole: what is done right after the start is in no record.
  return succeeded(graph_.step(id, Phase::start)) || (there != nullptr && there->state == ObjectState::made);
}

bool Rest::is_anew(NodeId id) const {
  if (!needed_[index(id)]) return false;
  const Node& node = graph_.node(id);
  if (node.policy.external || node.steps.empty() || !succeeded(node.steps.front())) return false;
  const auto fact = facts_.of_node.find(node.path);
  if (fact == facts_.of_node.end()) return false;  // nothing out there that could have gone
  const Ours* there = std::get_if<Ours>(&fact->second.found);
  return there == nullptr || (there->run != run_ && !there->keep) || !is_whole(id) ||
         made_anew_before(id) != no_node;
}

bool Rest::is_used_by_rest(NodeId id) const {
  return std::any_of(users_of_[index(id)].begin(), users_of_[index(id)].end(), [&](NodeId user) {
    if (!is_made(graph_.node(user))) return to_do_[index(user)] != 0;
    // One that lives on uses what it has; it is looked at, and so has to be known.
    return needed_[index(user)] != 0;
  });
}

NodeId Rest::made_anew_before(NodeId node) const {
  for (const NodeId used : uses_of_[index(node)])
    if (is_anew(used)) return used;
  return no_node;
}

bool Rest::withheld_is_read(NodeId task) const {
  const StepId main = main_step(graph_, task);
  const auto found = facts_.of_step.find(graph_.name(main));
  if (found == facts_.of_step.end() || found->second != Recorded::withheld) return false;
  return std::any_of(graph_.edges_from[index(main)].begin(), graph_.edges_from[index(main)].end(),
                     [&](std::uint32_t number) {
                       const Edge& edge = graph_.edges[number];
                       const NodeId reader = graph_.steps[index(edge.to)].node;
                       return edge.data && (to_do_[index(reader)] || needed_[index(reader)]);
                     });
}

}  // namespace cairn::plan
