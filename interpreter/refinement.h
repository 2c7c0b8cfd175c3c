// The types that have a name of their own: the plain ones, and those that are a plain one with a rule, such
// as `port`, an int from 1 to 65535. A rule says what a setting takes; a value that is read again has the
// plain type.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interpreter/type.h"

namespace cairn {

struct Refinement {
  std::string_view name;   // as a type is written: "port"
  Type::Form base;         // the plain type
  std::string_view is;     // for messages: "a port"
  std::string_view means;  // for the manual: "a whole number from 1 to 65535"
  // Why the value is none, as a label of a message; nothing when it is one. The value has the form of `base`.
  std::optional<std::string> (*refuses)(const Value&);
};

std::span<const Refinement> refinements();
// Null for a name of no refinement, and for a type that is none.
const Refinement* refinement(std::string_view name);
const Refinement* refinement(const Type& type);

// "int", "port" or "null" as a type; nothing for any other name.
std::optional<Type> named_type(std::string_view name);
std::vector<std::string> type_names();  // all of them but "null"

// The type without its rule, also deep inside: what a value of it is to those who read it.
Type plain(Type type);

}  // namespace cairn
