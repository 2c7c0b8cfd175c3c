// The end of lowering: an order of all steps, or the cycle that makes one impossible.
#include <fmt/format.h>

#include <algorithm>

#include "interpreter/graph_algorithms.h"
#include "interpreter/lower/dependency.h"

namespace cairn {
namespace {

const Edge* edge_between(const Graph& graph, StepId from, StepId to) {
  const Edge* found = nullptr;
  for (const std::uint32_t i : graph.edges_from[index(from)]) {
    const Edge& edge = graph.edges[i];
    if (edge.to == to && (found == nullptr || found->reason == EdgeReason::phase)) found = &edge;
  }
  return found;
}

bool comes_first(const Span& a, const Span& b) {
  return a.file != b.file ? a.file < b.file : a.begin < b.begin;
}

std::string sentence(const Graph& graph, const Edge& edge) {
  const Node& after = graph.node_of(edge.to);
  const Node& before = graph.node_of(edge.from);
  switch (edge.reason) {
    case EdgeReason::lifetime:
      return fmt::format("`{}` is kept for `{}`", after.path, before.path);
    case EdgeReason::stage:
      return graph.steps[index(edge.to)].phase == Phase::end
                 ? fmt::format("`{}` ends with `{}`", after.path, before.path)
                 : fmt::format("`{}` begins with `{}`", after.path, before.path);
    default:
      break;
  }
  if (graph.steps[index(edge.from)].phase == Phase::stop)
    return fmt::format("`{}` waits until `{}` has stopped", after.path, before.path);
  return fmt::format("`{}` waits for `{}`", after.path, before.path);
}

void report(const Graph& graph, const std::vector<Vertex>& cycle, Diagnostics& diagnostics) {
  std::vector<const Edge*> edges;
  bool lifetime = false;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    const Edge* edge = edge_between(graph, StepId{cycle[i]}, StepId{cycle[(i + 1) % cycle.size()]});
    if (edge == nullptr || edge->reason == EdgeReason::phase) continue;
    lifetime = lifetime || edge->reason == EdgeReason::lifetime;
    edges.push_back(edge);
  }
  if (edges.empty()) return;
  // Told from the dependant to what it waits for, from the first place in the file on.
  std::reverse(edges.begin(), edges.end());
  std::vector<const Edge*> written;
  for (const Edge* edge : edges)
    if (edge->reason != EdgeReason::stage) written.push_back(edge);
  std::vector<const Edge*>& told = written.empty() ? edges : written;
  std::rotate(told.begin(),
              std::min_element(told.begin(), told.end(),
                               [](const Edge* a, const Edge* b) { return comes_first(a->span, b->span); }),
              told.end());
  const Edge& first = *told.front();
  const std::string who = graph.node_of(first.to).path;
  if (lifetime) {
    // A thing is wanted both after the end of another and while it lives.
    const auto stopped = std::find_if(told.begin(), told.end(),
                                      [](const Edge* edge) { return edge->reason == EdgeReason::lifetime; });
    const Node& kept = graph.node_of((*stopped)->to);
    Diagnostic& error = diagnostics.error(
        "S0402", first.span,
        fmt::format("this can never run: `{}` has to end before something it is kept for", kept.path),
        sentence(graph, first));
    for (std::size_t i = 1; i < told.size(); ++i) error.label(told[i]->span, sentence(graph, *told[i]));
    std::string chain;
    for (const Edge* edge : edges) chain += (chain.empty() ? "" : ", ") + sentence(graph, *edge);
    error.note(chain);
    return;
  }
  Diagnostic* error = nullptr;
  if (told.size() == 1) {
    const bool stage = graph.node_of(first.to).kind == "stage" && graph.node_of(first.from).path == who;
    error = &diagnostics.error(
        "S0401", first.span,
        stage ? fmt::format("stage `{}` comes after itself", who) : fmt::format("`{}` waits for itself", who),
        sentence(graph, first));
    if (graph.node_of(first.from).path == who) return;
  } else {
    error = &diagnostics.error("S0401", first.span, fmt::format("`{}` waits for itself", who),
                               sentence(graph, first));
  }
  for (std::size_t i = 1; i < told.size(); ++i) error->label(told[i]->span, "… " + sentence(graph, *told[i]));
  std::string path = who;
  for (const Edge* edge : edges) {
    const std::string& next = graph.node_of(edge->from).path;
    if (!path.ends_with(next)) path += " → " + next;
  }
  error->note("the cycle is " + path);
}

Digraph without_lifetimes(const Graph& graph) {
  Digraph steps;
  steps.vertices = graph.steps.size();
  for (const Edge& edge : graph.edges)
    if (edge.reason != EdgeReason::lifetime)
      steps.arcs.emplace_back(static_cast<Vertex>(edge.from), static_cast<Vertex>(edge.to));
  return steps;
}

}  // namespace

void index_edges(Graph& graph) {
  graph.edges_to.assign(graph.steps.size(), {});
  graph.edges_from.assign(graph.steps.size(), {});
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    graph.edges_from[index(graph.edges[i].from)].push_back(static_cast<std::uint32_t>(i));
    graph.edges_to[index(graph.edges[i].to)].push_back(static_cast<std::uint32_t>(i));
  }
}

bool order_steps(Graph& graph, Diagnostics& diagnostics) {
  const Digraph steps = steps_of(graph);
  if (auto cycle = find_cycle(steps)) {
    // A circle of what waits for what is the plainer mistake; lifetimes go around in one as well.
    if (const auto plain = find_cycle(without_lifetimes(graph))) cycle = plain;
    report(graph, *cycle, diagnostics);
    return false;
  }
  const std::vector<Vertex> order = topological_order(steps);
  graph.order.clear();
  graph.order.reserve(order.size());
  for (const Vertex step : order) graph.order.push_back(StepId{step});
  return true;
}

}  // namespace cairn
