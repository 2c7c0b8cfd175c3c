// What only a run knows: answers for late values while a node's settings are filled in.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "interpreter/graph.h"

namespace cairn {

// Why there is no answer: "`unit` was not run", and what is behind it.
struct Unanswered {
  std::string message;              // lower case, no full stop, never a secret
  std::vector<std::string> causes;  // outermost first
  std::string help;
};
using LateAnswer = std::variant<Value, Unanswered>;

// Where a secret is to be found: "env:X", "file:P", "generate:24" (rule 51).
struct SecretPlace {
  std::string place;
  const Value* fallback = nullptr;  // null: there is none
  Span span;
};

struct LateSource {
  virtual ~LateSource() = default;
  // An export of a native node (`host`, `port(5432)`, `exit_code`, `outputs`), or how a stage or instance
  // ended, as the reader has to use it: an address is the one that the reader can reach. `reader` is `of`
  // itself for `self.port("http")`.
  virtual LateAnswer exported(NodeId of, std::string_view name, const List& arguments, NodeId reader) = 0;
  // The text of a secret; the same place gives the same text within a run.
  virtual LateAnswer secret(const SecretPlace& place, NodeId reader) = 0;
};

}  // namespace cairn
