// The functions of the language over known values. Their signatures, defaults and docs are in
// stdlib/functions/; a call arrives here with every argument in the order of its declaration, converted to
// the declared type: null for an optional one that is not given, a List for a variadic one.
//
// Not in here: nowait, reveal and secret (the evaluator's own) and the constructors of probes, reports and
// policies (calls that keep their arguments: Made).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "interpreter/inputs.h"
#include "interpreter/value.h"

namespace cairn {

// Why there is no value, and the argument that is to blame (its place in the declaration; for one of a
// variadic parameter, counted on). Never holds the text of a secret.
struct FunctionError {
  std::string message;  // "a list to take the first of is empty": lower case, no full stop
  std::size_t argument = 0;
  std::string help;
};
using FunctionResult = std::variant<Value, FunctionError>;

// No argument is late; the elements of a list may be, for functions that only move elements about
// (moves_elements).
using NativeFunction = FunctionResult (*)(std::span<const Value> arguments, Inputs& inputs);

// Null when there is no such function in here.
NativeFunction find_native(std::string_view name);

// Whether a late element of an argument leaves the result known: the function looks at lengths, keys and
// places only. `coalesce` and `lookup` look at one value more, whether it is null.
bool moves_elements(std::string_view name);

// Calls it, and makes the result secret when it was computed from a secret (rule 30).
FunctionResult call_native(std::string_view name, std::span<const Value> arguments, Inputs& inputs);

}  // namespace cairn
