#include "interpreter/graph.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/depth_first_search.hpp>
#include <boost/graph/dominator_tree.hpp>
#include <boost/graph/topological_sort.hpp>
#include <boost/graph/transitive_reduction.hpp>
#include <cassert>

#include "interpreter/graph_algorithms.h"

namespace cairn {
namespace {

using Vertices = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
using BothWays = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;

template <class Boost>
Boost build(const Digraph& graph) {
  Boost built(graph.vertices);
  for (const auto& [from, to] : graph.arcs) boost::add_edge(from, to, built);
  return built;
}

// Thrown to leave the search at the first cycle: Boost's visitors have no other way to stop.
struct Found {
  std::vector<Vertex> cycle;
};

struct CycleVisitor : boost::default_dfs_visitor {
  explicit CycleVisitor(std::vector<Vertex>& open) : path(open) {}
  std::vector<Vertex>& path;
  void discover_vertex(std::size_t vertex, const Vertices&) { path.push_back(static_cast<Vertex>(vertex)); }
  void finish_vertex(std::size_t, const Vertices&) { path.pop_back(); }
  void back_edge(Vertices::edge_descriptor edge, const Vertices& graph) {
    const Vertex closed = static_cast<Vertex>(boost::target(edge, graph));
    throw Found{{std::find(path.begin(), path.end(), closed), path.end()}};
  }
};

}  // namespace

Digraph steps_of(const Graph& graph) {
  Digraph steps;
  steps.vertices = graph.steps.size();
  steps.arcs.reserve(graph.edges.size());
  for (const Edge& edge : graph.edges)
    steps.arcs.emplace_back(static_cast<Vertex>(edge.from), static_cast<Vertex>(edge.to));
  return steps;
}

std::optional<std::vector<Vertex>> find_cycle(const Digraph& graph) {
  const Vertices built = build<Vertices>(graph);
  std::vector<Vertex> path;
  try {
    boost::depth_first_search(built, boost::visitor(CycleVisitor(path)));
  } catch (Found& found) {
    std::rotate(found.cycle.begin(), std::min_element(found.cycle.begin(), found.cycle.end()),
                found.cycle.end());
    return std::move(found.cycle);
  }
  return std::nullopt;
}

std::vector<Vertex> topological_order(const Digraph& graph) {
  // Boost gives the reverse order, and visits low numbers first: built backwards, the order keeps the file's.
  Digraph backwards{graph.vertices, {}};
  backwards.arcs.reserve(graph.arcs.size());
  for (const auto& [from, to] : graph.arcs) backwards.arcs.emplace_back(to, from);
  std::vector<Vertex> order;
  order.reserve(graph.vertices);
  const Vertices built = build<Vertices>(backwards);
  boost::topological_sort(built, std::back_inserter(order));
  return order;
}

std::vector<std::size_t> transitive_reduction(const Digraph& graph) {
  const Vertices built = build<Vertices>(graph);
  Vertices reduced;
  std::vector<std::size_t> to_reduced(graph.vertices);
  std::vector<std::size_t> ids(graph.vertices);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = i;
  boost::transitive_reduction(
      built, reduced,
      boost::make_iterator_property_map(to_reduced.begin(), boost::get(boost::vertex_index, built)),
      boost::get(boost::vertex_index, built));
  std::vector<std::pair<std::size_t, std::size_t>> wanted;
  for (auto [edge, end] = boost::edges(reduced); edge != end; ++edge)
    wanted.emplace_back(boost::source(*edge, reduced), boost::target(*edge, reduced));
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::pair<std::size_t, std::size_t>> taken;
  std::vector<std::size_t> kept;
  std::vector<bool> used(wanted.size(), false);
  for (std::size_t i = 0; i < graph.arcs.size(); ++i) {
    const std::pair<std::size_t, std::size_t> arc(to_reduced[graph.arcs[i].first],
                                                  to_reduced[graph.arcs[i].second]);
    const auto at = std::lower_bound(wanted.begin(), wanted.end(), arc);
    if (at == wanted.end() || *at != arc) continue;
    const std::size_t place = static_cast<std::size_t>(at - wanted.begin());
    if (used[place]) continue;  // of several arcs between the same two, the first one written stays
    used[place] = true;
    kept.push_back(i);
  }
  return kept;
}

LongestPath longest_path(const Digraph& graph, std::span<const double> weights) {
  assert(weights.size() == graph.vertices);
  const std::vector<Vertex> order = topological_order(graph);
  std::vector<std::vector<Vertex>> next(graph.vertices);
  for (const auto& [from, to] : graph.arcs) next[from].push_back(to);
  LongestPath longest;
  longest.until_end.assign(graph.vertices, 0);
  std::vector<Vertex> follower(graph.vertices, no_vertex);
  for (auto vertex = order.rbegin(); vertex != order.rend(); ++vertex) {
    double rest = 0;
    for (const Vertex after : next[*vertex])
      if (follower[*vertex] == no_vertex || longest.until_end[after] > rest) {
        rest = longest.until_end[after];
        follower[*vertex] = after;
      }
    longest.until_end[*vertex] = weights[*vertex] + rest;
  }
  if (order.empty()) return longest;
  Vertex at = order.front();
  for (const Vertex vertex : order)
    if (longest.until_end[vertex] > longest.until_end[at]) at = vertex;
  longest.weight = longest.until_end[at];
  for (; at != no_vertex; at = follower[at]) longest.path.push_back(at);
  return longest;
}

std::vector<Vertex> dominators(const Digraph& graph, Vertex root) {
  const BothWays built = build<BothWays>(graph);
  std::vector<std::size_t> found(graph.vertices, BothWays::null_vertex());
  boost::lengauer_tarjan_dominator_tree(
      built, root, boost::make_iterator_property_map(found.begin(), boost::get(boost::vertex_index, built)));
  std::vector<Vertex> result(graph.vertices, no_vertex);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] != BothWays::null_vertex()) result[i] = static_cast<Vertex>(found[i]);
  return result;
}

Reach::Reach(const Digraph& graph)
    : first_(graph.vertices + 1),
      next_(graph.arcs.size()),
      seen_(graph.vertices),
      came_from_(graph.vertices) {
  for (const auto& [from, to] : graph.arcs) ++first_[from + 1];
  for (std::size_t i = 0; i < graph.vertices; ++i) first_[i + 1] += first_[i];
  std::vector<std::uint32_t> place(first_.begin(), first_.end() - 1);
  for (const auto& [from, to] : graph.arcs) next_[place[from]++] = to;
}

bool Reach::search(Vertex from, Vertex to) {
  ++search_;
  std::vector<Vertex> queue{from};
  seen_[from] = search_;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    if (queue[i] == to) return true;
    for (std::uint32_t arc = first_[queue[i]]; arc < first_[queue[i] + 1]; ++arc) {
      const Vertex after = next_[arc];
      if (seen_[after] == search_) continue;
      seen_[after] = search_;
      came_from_[after] = queue[i];
      queue.push_back(after);
    }
  }
  return false;
}

bool Reach::leads(Vertex from, Vertex to) {
  return search(from, to);
}

std::vector<Vertex> Reach::way(Vertex from, Vertex to) {
  if (!search(from, to)) return {};
  std::vector<Vertex> found{to};
  while (found.back() != from) found.push_back(came_from_[found.back()]);
  std::reverse(found.begin(), found.end());
  return found;
}

// ---- the graph itself

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::make:
      return "make";
    case Phase::unmake:
      return "unmake";
    case Phase::create:
      return "create";
    case Phase::start:
      return "start";
    case Phase::ready:
      return "ready";
    case Phase::stop:
      return "stop";
    case Phase::remove:
      return "remove";
    case Phase::run:
      return "run";
    case Phase::collect:
      return "collect";
    case Phase::begin:
      return "begin";
    case Phase::end:
      return "end";
  }
  return "";
}

std::string_view name_of(EdgeReason reason) {
  switch (reason) {
    case EdgeReason::phase:
      return "phase";
    case EdgeReason::reference:
      return "reference";
    case EdgeReason::after:
      return "after";
    case EdgeReason::link:
      return "link";
    case EdgeReason::mount:
      return "mount";
    case EdgeReason::stage:
      return "stage";
    case EdgeReason::lifetime:
      return "lifetime";
    case EdgeReason::claim:
      return "claim";
  }
  return "";
}

const Setting* Node::setting(std::string_view wanted) const {
  for (const Setting& candidate : settings)
    if (candidate.name == wanted) return &candidate;
  return nullptr;
}

const Value& Node::value(std::string_view wanted) const {
  static const Value nothing{};
  const Setting* found = setting(wanted);
  return found == nullptr ? nothing : found->value;
}

StepId Graph::step(NodeId of, Phase phase) const {
  if (of == no_node) return no_step;
  for (const StepId id : node(of).steps)
    if (steps[index(id)].phase == phase) return id;
  return no_step;
}

std::string Graph::name(StepId id) const {
  std::string text = node_of(id).path;
  text += ':';
  text += name_of(steps[index(id)].phase);
  return text;
}

std::vector<NodeId> Graph::find(std::string_view suffix) const {
  std::vector<NodeId> found;
  if (suffix.empty()) return found;
  const auto exact = by_path.find(std::string(suffix));
  if (exact != by_path.end()) return {exact->second};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string_view path = nodes[i].path;
    if (path.size() <= suffix.size() || !path.ends_with(suffix)) continue;
    if (path[path.size() - suffix.size() - 1] == '.') found.push_back(NodeId{static_cast<std::uint32_t>(i)});
  }
  return found;
}

}  // namespace cairn
