// What `+`, `==` and the others do with values (rules 15, 17, 18 and "Values" of section 9). Pure.
#pragma once

#include <string>
#include <variant>

#include "grammar/syntax.h"
#include "interpreter/type.h"
#include "interpreter/value.h"

namespace cairn {

// Why an operation is not possible: "`+` joins two values of one type, not a string and an int".
struct Mismatch {
  std::string message;
  std::string help;
};
using Computed = std::variant<Value, Mismatch>;

// Neither operand is late itself. `&&` and `||` are the evaluator's: they do not look at both sides.
Computed apply(syntax::BinaryOp op, const Value& left, const Value& right);
Computed apply(syntax::UnaryOp op, const Value& operand);

// "a string", "a list", "a node": for messages.
std::string kind_of_value(const Value& value);

}  // namespace cairn
