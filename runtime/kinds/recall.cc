#include "runtime/kinds/recall.h"

#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>

#include "runtime/execute/recorded_value.h"
#include "runtime/kinds/arrays.h"

namespace cairn::kinds {
namespace {

// Where the thing is, when nothing there says which run has made it: an image stays on its engine, an
// overwrite is in a volume of another block, and an array is not asked before its token is needed. Empty: it
// is looked for.
std::string known_by_journal(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.kind == "image") return "its engine";
  if (node.kind != "clone" && node.kind != "snapshot") return {};
  if (array_of(graph, id) != no_node) return "its array";
  return node.value("onto").null() ? std::string() : "the volume that it overwrites";
}

}  // namespace

void recall(const Graph& graph, const std::string& run, const JournalState& before, plan::Facts& facts,
            execute::Exports& exports) {
  std::unordered_map<std::string, StepId> by_name;
  for (const StepId step : graph.order) by_name.emplace(graph.name(step), step);
  for (const StepOutcome& step : before.steps) {
    const auto found = by_name.find(step.step);
    if ((step.outcome != "succeeded" && step.outcome != "kept") || found == by_name.end()) continue;
    const NodeId node = graph.steps[index(found->second)].node;
    plan::Recorded recorded = plan::Recorded::succeeded;
    for (const auto& [name, text] : step.facts) {
      if (std::optional<Value> value = execute::value_recorded(graph, text))
        exports.publish(node, name, std::move(*value));
      else
        recorded = plan::Recorded::withheld;
    }
    if (!is_finaliser(graph.steps[index(found->second)].phase)) {
      exports.publish(node, "outcome", Value{step.outcome});
      exports.publish(node, "error", Value{});
    }
    facts.of_step[step.step] = recorded;
  }
  for (const OpenStep& open : before.begun)
    facts.of_step[open.step] = open.interrupted() ? plan::Recorded::interrupted : plan::Recorded::open;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const auto made = facts.of_step.find(node.path + ":make");
    if (made == facts.of_step.end() || made->second != plan::Recorded::succeeded) continue;
    const std::string where = known_by_journal(graph, NodeId{static_cast<std::uint32_t>(n)});
    if (where.empty()) continue;
    plan::Ours ours;
    ours.state = plan::ObjectState::ready;
    ours.run = run;
    ours.node = node.path;
    facts.of_node[node.path] = {{where, node.kind, node.path}, std::move(ours), {}};
  }
  // What is there was made from the same graph. Whether a service is ready is asked again, with all the time
  // it may take.
  for (auto& [path, fact] : facts.of_node) {
    fact.wanted_spec.clear();
    plan::Ours* there = std::get_if<plan::Ours>(&fact.found);
    if (there != nullptr && fact.identity.what == "service" && there->state == plan::ObjectState::ready)
      there->state = plan::ObjectState::running;
  }
}

}  // namespace cairn::kinds
