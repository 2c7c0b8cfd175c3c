// The world as it was observed, reduced to what planning needs. Gathered by reading only; never changed here.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace cairn::plan {

// What makes one object of the world that one: "network" "cairn-shop-back" on "engine local".
struct Identity {
  std::string where;  // the engine, host or array, as people know it
  std::string what;   // the native kind: "service", "network", "volume", "clone"
  std::string name;   // its exact name there
  auto operator<=>(const Identity&) const = default;
};

enum class ObjectState { made, running, ready, ended };

struct Absent {};
// It passes the owner test: our labels, its own exact name among them, and our project.
struct Ours {
  std::string id;    // what the engine knows it by
  std::string spec;  // the spec hash it was made from
  ObjectState state = ObjectState::made;
  std::string run;     // the run that made it; empty: made by `up`
  std::string node{};  // the node's path then
  std::uint32_t attempt = 1;
  bool keep = false;  // kept by the file's word: `keep = true`
};
struct Foreign {
  std::string owner;  // "project `shop` of ann@build1", "somebody else"
};
struct Unreachable {
  std::string why;  // "the engine at unix:///var/run/docker.sock does not answer"
  std::string help = {};
};
using Found = std::variant<Absent, Ours, Foreign, Unreachable>;

// About one identity.
struct Fact {
  Identity identity;
  Found found;
  std::string wanted_spec;  // the hash of what the file asks for now; empty: not known before the run
};

// What the journals say about a step, by its name ("test.unit:run").
enum class Recorded {
  succeeded,    // in this run, by an earlier incarnation
  withheld,     // likewise, but not all it published could be written down
  remembered,   // in an earlier run, with the same inputs, and what it made is still there
  open,         // begun, and how it ended is not recorded
  interrupted,  // open, and of an effect that must not happen twice
};

struct Facts {
  std::unordered_map<std::string, Fact> of_node;  // by node path; nodes that are nothing out there have none
  std::unordered_map<std::string, Recorded> of_step;           // by step name
  std::unordered_map<std::string, std::string> changed_input;  // by step name: why it is not remembered
  std::vector<Fact> strays;                                    // ours, and of no node of this graph
};

}  // namespace cairn::plan
