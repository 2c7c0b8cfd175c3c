// The frozen graph: what a .stack file means, before anything runs. Facts only: nothing about a run lives in
// here.
//
// A *node* is one block instance; a *step* is (node, phase). Steps are what is scheduled. Edges:
//   needs(a, b)    b starts only if a succeeded
//   follows(a, b)  b starts once a is settled, however it ended
// A *hold* is the lease that comes with a use: service S must live while U's step runs, and S.stop follows U.
// Finalisers (collect, stop, remove, unmake) have only follows edges, so that no failure or cancel reaches
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "grammar/span.h"
#include "interpreter/value.h"

namespace cairn {

enum class StepId : std::uint32_t {};
constexpr StepId no_step{0xffffffff};
constexpr std::size_t index(NodeId id) {
  return static_cast<std::size_t>(id);
}
constexpr std::size_t index(StepId id) {
  return static_cast<std::size_t>(id);
}

// What a node is to the executor; decided by the base kind its declaration inherits from.
enum class NodeClass {
  endpoint,  // engine, host, flasharray, database, registry, pool: declared, nothing is made. No steps
  thing,     // image, network, volume, snapshot, clone: make, unmake
  service,   // create, start, ready, stop, remove
  task,      // run, probe, sql, http, push, …: run, collect, unmake
  group,     // a stage, an instance of a user kind, the nodes of a `for`: begin, end (virtual, no effect)
};

enum class Phase { make, unmake, create, start, ready, stop, remove, run, collect, begin, end };
std::string_view name_of(Phase phase);
constexpr bool is_finaliser(Phase phase) {
  return phase == Phase::unmake || phase == Phase::stop || phase == Phase::remove || phase == Phase::collect;
}
constexpr bool is_virtual(Phase phase) {
  return phase == Phase::begin || phase == Phase::end;
}

enum class When { success, failure, always };

struct Retry {
  std::int64_t times = 0;  // attempts after the first
  Duration delay{1000};
  Duration max_delay{20000};
};

struct Setting {
  std::string name;
  Value value;
  Span span;             // of the value as written; unknown for a default
  bool written = false;  // false: the declaration's default
};

// The settings of all nodes, typed; they are in Node::settings as well.
struct Policy {
  When when = When::success;
  Retry retry;
  std::optional<Duration> timeout;  // of one attempt
  bool allow_failure = false;
  bool keep = false;
  bool external = false;
  NodeId pool = no_node;
  std::vector<std::string> profiles;
};

struct Node {
  std::string path;  // "test.sql[0].main": stable, never moves because a neighbour came
  std::string kind;  // the native kind ("service"), "stage", or "module.kind" of an instance
  NodeClass node_class = NodeClass::thing;
  Span span;  // the block's head: kind and name
  std::string description;
  std::string network_name;       // its own name: "db"
  std::string scope;              // whose network it is on: "test", "test[0]", "test.db"; empty for the file
  bool nameless = false;          // on that network nobody knows it by its name
  NodeId stage = no_node;         // the stage it stands in; none for file-level nodes
  NodeId parent = no_node;        // the group it belongs to: instance, loop or stage
  std::vector<NodeId> members;    // of a group
  std::vector<Setting> settings;  // in the order of the declaration, with the defaults that say something
  Policy policy;
  std::vector<std::int64_t> publish;     // container ports that a reader outside the network needs
  std::vector<std::string> join_scopes;  // further networks: those of what it links or refers to
  std::vector<StepId> steps;             // in the order of the phases; empty for an endpoint

  const Setting* setting(std::string_view name) const;  // null when the kind has no such setting
  const Value& value(std::string_view name) const;      // Null when absent
};

struct Step {
  NodeId node = no_node;
  Phase phase = Phase::make;
};

enum class EdgeKind { needs, follows };
enum class EdgeReason {
  phase,      // the next phase of the same node
  reference,  // a setting reads an export of the other
  after,      // `after = […]`
  link,       // `links = […]`
  mount,      // a volume, image, network or artifact that is used
  stage,      // stage order, or membership (begin, end)
  lifetime,   // undone only when its last user has ended
  claim,      // two nodes claim the same host port, name or volume
};
std::string_view name_of(EdgeReason reason);

struct Edge {
  StepId from = no_step;  // is before
  StepId to = no_step;
  EdgeKind kind = EdgeKind::needs;
  EdgeReason reason = EdgeReason::phase;
  bool data = false;    // a value flows: not even allow_failure lets the dependant start without it
  Span span;            // where the file says so
  std::string because;  // for people: "reads `db.host`"
};

struct Hold {
  StepId user = no_step;
  NodeId service = no_node;
  Span span;
};

// Deterministic: the same capsule gives the same bytes. Edges of a step are found through the two indexes.
struct Graph {
  std::vector<Node> nodes;
  std::vector<Step> steps;
  std::vector<Edge> edges;
  std::vector<Hold> holds;
  std::vector<StepId> order;                           // one topological order of all steps
  std::vector<std::vector<std::uint32_t>> edges_to;    // by step: indexes of edges that end there
  std::vector<std::vector<std::uint32_t>> edges_from;  // by step: indexes of edges that start there
  std::unordered_map<std::string, NodeId> by_path;

  const Node& node(NodeId id) const { return nodes[index(id)]; }
  const Node& node_of(StepId id) const { return nodes[index(steps[index(id)].node)]; }
  StepId step(NodeId node, Phase phase) const;  // no_step when the node has no such phase
  std::string name(StepId id) const;            // "test.db:ready"
  // Any unique suffix of a path: "unit", "test.unit", "sql[0]", "work[billing]". All matches.
  std::vector<NodeId> find(std::string_view suffix) const;
};

}  // namespace cairn
