#include "runtime/plan/removal.h"

#include <algorithm>
#include <array>
#include <functional>

namespace cairn::plan {
namespace {

// What is removed after what: an object is used only by objects of lower rank.
int rank_of(const std::string& what) {
  if (what == "service" || what == "run") return 0;
  if (what == "network") return 1;
  if (what == "clone") return 2;
  if (what == "snapshot") return 3;
  return 4;
}
constexpr int ranks = 5;

void connect(Graph& graph, StepId from, StepId to) {
  const std::uint32_t number = static_cast<std::uint32_t>(graph.edges.size());
  graph.edges.push_back({.from = from,
                         .to = to,
                         .kind = EdgeKind::follows,
                         .reason = EdgeReason::lifetime,
                         .data = false,
                         .span = {},
                         .because = {}});
  graph.edges_from[index(from)].push_back(number);
  graph.edges_to[index(to)].push_back(number);
}

StepId add_step(Graph& graph, NodeId node, Phase phase) {
  const StepId step{static_cast<std::uint32_t>(graph.steps.size())};
  graph.steps.push_back({node, phase});
  graph.edges_from.emplace_back();
  graph.edges_to.emplace_back();
  graph.nodes[index(node)].steps.push_back(step);
  graph.order.push_back(step);
  return step;
}

NodeId add_node(Graph& graph, std::string path, std::string kind, NodeClass node_class) {
  const NodeId id{static_cast<std::uint32_t>(graph.nodes.size())};
  Node node;
  node.path = std::move(path);
  node.kind = std::move(kind);
  node.node_class = node_class;
  graph.by_path[node.path] = id;
  graph.nodes.push_back(std::move(node));
  return id;
}

Removal removal_of(std::vector<Fact> objects, const std::string& reason) {
  std::sort(objects.begin(), objects.end(), [](const Fact& a, const Fact& b) {
    const int first = rank_of(a.identity.what), second = rank_of(b.identity.what);
    return first != second ? first < second : a.identity < b.identity;
  });
  Removal removal;
  StepId barrier = no_step;  // what the next rank follows; one vertex, so that edges stay linear
  std::size_t i = 0;
  for (int rank = 0; rank < ranks; ++rank) {
    std::vector<StepId> last_steps;
    for (; i < objects.size() && rank_of(objects[i].identity.what) == rank; ++i) {
      const Identity& identity = objects[i].identity;
      const bool runs = rank == 0;
      const NodeId node =
          add_node(removal.graph, identity.what + " " + identity.name + " on " + identity.where,
                   identity.what, runs ? NodeClass::service : NodeClass::thing);
      StepId step = add_step(removal.graph, node, runs ? Phase::stop : Phase::unmake);
      if (barrier != no_step) connect(removal.graph, barrier, step);
      if (runs) {
        const StepId stopped = step;
        step = add_step(removal.graph, node, Phase::remove);
        connect(removal.graph, stopped, step);
      }
      last_steps.push_back(step);
      removal.facts.of_node[removal.graph.node(node).path] = objects[i];
    }
    if (last_steps.empty()) continue;
    const NodeId group = add_node(removal.graph, "rank " + std::to_string(rank), "group", NodeClass::group);
    barrier = add_step(removal.graph, group, Phase::end);
    for (const StepId step : last_steps) connect(removal.graph, step, barrier);
  }
  for (const Step& step : removal.graph.steps)
    removal.plan.steps.push_back({is_virtual(step.phase) ? Verdict::perform : Verdict::undo, reason});
  return removal;
}

// Ours among all that was observed, if `is_meant`.
std::vector<Fact> ours_among(const Facts& facts,
                             const std::function<bool(const Fact&, const Ours&)>& is_meant) {
  std::vector<Fact> objects;
  const auto look_at = [&](const Fact& fact) {
    const Ours* ours = std::get_if<Ours>(&fact.found);
    if (ours != nullptr && is_meant(fact, *ours)) objects.push_back(fact);
  };
  for (const auto& [path, fact] : facts.of_node) look_at(fact);
  for (const Fact& fact : facts.strays) look_at(fact);
  return objects;
}

}  // namespace

Removal removal_of_stack(const Facts& facts, const DownGoal& goal) {
  return removal_of(ours_among(facts,
                               [&](const Fact& fact, const Ours& ours) {
                                 if (!ours.run.empty()) return ours.keep;  // what a run was to keep until now
                                 const bool volume =
                                     fact.identity.what == "volume" || fact.identity.what == "clone";
                                 return fact.identity.what != "image" && (goal.volumes || !volume);
                               }),
                    "`down` removes it");
}

Removal removal_of_runs(const Facts& facts, const CleanGoal& goal) {
  return removal_of(ours_among(facts,
                               [&](const Fact& fact, const Ours& ours) {
                                 return fact.identity.what != "image" && !ours.run.empty() &&
                                        std::find(goal.runs.begin(), goal.runs.end(), ours.run) !=
                                            goal.runs.end();
                               }),
                    "its run is dead");
}

}  // namespace cairn::plan
