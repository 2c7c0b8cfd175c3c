#include "interpreter/functions/functions.h"

#include <algorithm>
#include <array>

#include "interpreter/functions/families.h"

namespace cairn {
namespace {

constexpr std::array<std::string_view, 12> moving = {"len",     "keys",    "values", "merge",
                                                     "flatten", "reverse", "first",  "last",
                                                     "chunks",  "zip",     "lookup", "coalesce"};

}  // namespace

NativeFunction find_native(std::string_view name) {
  for (const std::span<const functions::Row> family :
       {functions::text(), functions::encodings(), functions::collections(), functions::numbers(),
        functions::paths(), functions::outside()})
    for (const functions::Row& row : family)
      if (row.name == name) return row.call;
  return nullptr;
}

bool moves_elements(std::string_view name) {
  return std::find(moving.begin(), moving.end(), name) != moving.end();
}

FunctionResult call_native(std::string_view name, std::span<const Value> arguments, Inputs& inputs) {
  const NativeFunction function = find_native(name);
  if (function == nullptr) return FunctionError{"this function cannot be called here", 0, {}};
  FunctionResult result = function(arguments, inputs);
  Value* value = std::get_if<Value>(&result);
  if (value == nullptr) return result;
  // What only moves elements about leaves each with its own bit; all else looks at what the elements say.
  const bool moves = moves_elements(name);
  const bool secret = std::any_of(arguments.begin(), arguments.end(), [&](const Value& argument) {
    return moves ? argument.secret : argument.secret_anywhere();
  });
  value->secret = value->secret || secret;
  return result;
}

}  // namespace cairn
