// Where expressions are evaluated: one environment for every instance of a region (a file once, a kind's body
// once per instance, a `for` body once per element). Values and nodes are made when they are first asked for
// and kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/program.h"
#include "interpreter/value.h"

namespace cairn {

struct Environment;

// The names of comprehensions and of deferred settings (`until`), innermost first.
struct Locals {
  std::string name;
  Value value;
  std::shared_ptr<const Locals> outer;
};

// Everything that gives an expression its meaning, but for its text.
struct Where {
  Environment* environment = nullptr;
  std::shared_ptr<const Locals> locals;
  NodeId self = no_node;  // whose setting it is: what `self` means
};

// Why a value is late: the first thing in it that is known at run time only.
struct Lateness {
  Span span;              // where it is read
  std::string text;       // "build.json"
  NodeId node = no_node;  // whose end or readiness makes it known; none for a secret
  bool unknown = false;   // not late but a param that nobody has given (lint)
};

// Defined here for value.h: evaluated again, with the same meaning, when its inputs exist.
struct LateExpression {
  const syntax::Expr* expression = nullptr;
  Where place;
  std::optional<Type> wanted;  // what it has to be converted to
  std::string folder;          // for that conversion: what a path in it is relative to
  Lateness because;
};

// That an evaluation looked at a node: what makes an edge (rule 34).
struct Read {
  NodeId node = no_node;
  std::string exported;             // "host"; empty: the node as a whole
  std::vector<std::int64_t> ports;  // `port(5432)`: the ports asked for
  Span span;
  bool own = false;   // through `self`
  bool waits = true;  // false within `nowait( )` and for addresses behind an instance's export
};

enum class Progress : std::uint8_t { untouched, busy, done, failed };

// What one declaration is in one environment.
struct Cell {
  Progress progress = Progress::untouched;
  NodeId node = no_node;    // of a block
  Value value;              // of a let or param
  std::vector<Read> reads;  // what evaluating it looked at
};

struct Iteration {
  Value key;  // string or int
  std::unique_ptr<Environment> environment;
};

// A `for` (any number of iterations) or a branch of an `if` (none or one).
struct Control {
  Progress progress = Progress::untouched;
  std::vector<Iteration> iterations;
};

struct Environment {
  const Region* region = nullptr;  // null: the defaults of a native kind, names are the settings of `node`
  Environment* parent = nullptr;
  NodeId node = no_node;   // the instance (kind), the stage, or the node whose defaults these are
  NodeId group = no_node;  // the stage or instance that blocks in here belong to
  NodeId stage = no_node;
  std::string prefix;                                 // of paths: "", "test.", "test.db."
  std::string key;                                    // of paths, behind the name: "", "[0]", "[0][b]"
  std::string scope;                                  // whose network: "", "test", "test[0]"
  std::vector<Value> variables;                       // of a `for`
  std::vector<Cell> cells;                            // by Declaration::index
  std::vector<Control> controls;                      // by Region::index
  std::vector<std::pair<std::string, Cell>> exports;  // of an instance, those read so far
  std::vector<std::pair<std::string, NodeId>> loops;  // groups for the nodes of a `for`, by path
  std::uint32_t depth = 0;                            // instances around
  bool expanded = false;
};

}  // namespace cairn
