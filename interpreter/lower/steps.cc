// The steps of every node by its class, and the edges between them.
#include "interpreter/lower/dependency.h"

namespace cairn {
namespace {

std::vector<Phase> phases_of(const Node& node) {
  switch (node.node_class) {
    case NodeClass::endpoint:
      return {};
    case NodeClass::thing:
      return {Phase::make, Phase::unmake};
    case NodeClass::service:
      return {Phase::create, Phase::start, Phase::ready, Phase::stop, Phase::remove};
    case NodeClass::task:
      return {Phase::run, Phase::collect, Phase::unmake};
    case NodeClass::group:
      return {Phase::begin, Phase::end};
  }
  return {};
}

}  // namespace

bool tells_readiness(const Node& node, std::string_view setting) {
  return node.node_class == NodeClass::service && setting == "ready";
}

Phase first_phase(NodeClass node_class) {
  switch (node_class) {
    case NodeClass::thing:
      return Phase::make;
    case NodeClass::service:
      return Phase::create;
    case NodeClass::task:
      return Phase::run;
    case NodeClass::group:
    case NodeClass::endpoint:
      return Phase::begin;
  }
  return Phase::begin;
}

StepId first_step(const Graph& graph, NodeId node) {
  return graph.step(node, first_phase(graph.node(node).node_class));
}

StepId done_step(const Graph& graph, NodeId node) {
  switch (graph.node(node).node_class) {
    case NodeClass::thing:
      return graph.step(node, Phase::make);
    case NodeClass::service:
      return graph.step(node, Phase::ready);
    case NodeClass::task:
      return graph.step(node, Phase::run);
    case NodeClass::group:
      return graph.step(node, Phase::end);
    case NodeClass::endpoint:
      return no_step;
  }
  return no_step;
}

void lower_steps(Draft& draft) {
  Graph& graph = draft.graph;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    for (const Phase phase : phases_of(node)) {
      node.steps.push_back(StepId{static_cast<std::uint32_t>(graph.steps.size())});
      graph.steps.push_back({NodeId{static_cast<std::uint32_t>(i)}, phase});
    }
    for (std::size_t at = 1; at < node.steps.size(); ++at) {
      const Phase phase = graph.steps[index(node.steps[at])].phase;
      if (phase == Phase::end && !node.members.empty()) continue;  // its members lie between
      Edge edge{node.steps[at - 1],
                node.steps[at],
                is_finaliser(phase) ? EdgeKind::follows : EdgeKind::needs,
                EdgeReason::phase,
                false,
                node.span,
                {}};
      edge.because = std::string(name_of(phase)) + " comes after " +
                     std::string(name_of(graph.steps[index(edge.from)].phase));
      graph.edges.push_back(std::move(edge));
    }
  }
}

}  // namespace cairn
