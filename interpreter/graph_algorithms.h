// What is asked of a directed graph: cycles with their path, order, reduction, longest path, dominators.
// Vertices are numbers, so that steps, nodes and stages are all served. The only file that includes
// Boost.Graph is graph.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "interpreter/graph.h"

namespace cairn {

using Vertex = std::uint32_t;

// `arcs` go from what comes first to what comes after.
struct Digraph {
  std::size_t vertices = 0;
  std::vector<std::pair<Vertex, Vertex>> arcs;
};

// The steps of a graph with all its edges, needs and follows alike.
Digraph steps_of(const Graph& graph);

// The vertices of one cycle in the order of its arcs, the smallest number first; nothing when there is none.
std::optional<std::vector<Vertex>> find_cycle(const Digraph& graph);

// Every vertex after all that comes before it; the same input gives the same order. The graph must have no
// cycle.
std::vector<Vertex> topological_order(const Digraph& graph);

// Indexes of the arcs that no longer way replaces. The graph must have no cycle. Quadratic at worst: for
// drawings.
std::vector<std::size_t> transitive_reduction(const Digraph& graph);

struct LongestPath {
  std::vector<double>
      until_end;             // by vertex: the heaviest way from its start to an end, its own weight included
  std::vector<Vertex> path;  // the heaviest way of all
  double weight = 0;
};
LongestPath longest_path(const Digraph& graph, std::span<const double> weights);

// By vertex: the last one that every way from `root` to it passes; `no_vertex` for the root and what is
// unreachable.
constexpr Vertex no_vertex = 0xffffffff;
std::vector<Vertex> dominators(const Digraph& graph, Vertex root);

// Whether a way leads from one to the other; linear in what lies between.
class Reach {
 public:
  explicit Reach(const Digraph& graph);
  bool leads(Vertex from, Vertex to);
  // A shortest way, both ends included; empty when there is none.
  std::vector<Vertex> way(Vertex from, Vertex to);

 private:
  bool search(Vertex from, Vertex to);
  std::vector<std::uint32_t> first_;  // by vertex: where its successors begin in next_
  std::vector<Vertex> next_;
  std::vector<std::uint32_t> seen_;  // by vertex: the number of the search that reached it
  std::vector<Vertex> came_from_;
  std::uint32_t search_ = 0;
};

}  // namespace cairn
