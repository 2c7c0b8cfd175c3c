// What one node needs of another, between evaluating settings and drawing edges.
#pragma once

#include <string>
#include <vector>

#include "interpreter/evaluate.h"
#include "interpreter/graph.h"

namespace cairn {

struct Dependency {
  NodeId on = no_node;
  EdgeReason reason = EdgeReason::reference;
  std::string exported;  // what is read of it; empty: the node itself
  std::string setting;   // where
  Span span;
  bool data = false;
  bool own = false;  // through `self`: no edge
};

// What lowering knows of a node beside the graph's Node.
struct Lowering {
  std::vector<Dependency> dependencies;
  std::vector<Read> addresses;  // every export read, also behind instances and `nowait`
};

struct Draft {
  Graph graph;
  std::vector<Lowering> of;  // by node
};

// `outcome`, `error`, `seconds`: how it ended, not that it ended well.
bool is_how_it_ended(std::string_view exported);

// Whether a setting of the node says when it is ready, and so is read when it runs: `ready` of a service, but
// not that of a `probe` block or of a kind of the user's.
bool tells_readiness(const Node& node, std::string_view setting);

// The passes of lowering, in this order.
void lower_nodes(Evaluator& evaluator, Draft& draft);            // nodes, settings, dependencies
void pass_through_endpoints(Draft& draft);                       // a `database` hands on what it depends on
void lower_addresses(const Evaluator& evaluator, Draft& draft);  // publish, join_scopes
void lower_steps(Draft& draft);                                  // steps and the edges between a node's own
void lower_groups(Draft& draft);      // begin and end of stages, instances and loops
void lower_edges(Draft& draft);       // what dependencies say
void lower_lifetimes(Draft& draft);   // who keeps whom alive
void lower_overwrites(Draft& draft);  // services around a clone that overwrites what they use
void lower_claims(Draft& draft);      // the same port or name, one after the other
void index_edges(Graph& graph);
bool order_steps(Graph& graph, Diagnostics& diagnostics);  // false: a cycle, reported

// The step that starts a node's work and the one after which its dependants can go on.
Phase first_phase(NodeClass node_class);
StepId first_step(const Graph& graph, NodeId node);
StepId done_step(const Graph& graph, NodeId node);

// Adds an edge unless the same two have one of that kind; joins what they know.
class Edges {
 public:
  explicit Edges(Graph& graph);
  void add(Edge edge);

 private:
  Graph& graph_;
  std::unordered_map<std::uint64_t, std::uint32_t> known_;
};

}  // namespace cairn
