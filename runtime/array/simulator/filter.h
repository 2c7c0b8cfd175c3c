// The filter expressions of REST 2.x over the items of an answer: comparisons of dotted fields, `and`, `or`,
// `not(...)`, `contains(field, 'x')`, `tags('k','v')`, lists, `*` in quoted values, a bare field for its
// existence. Grammar: py-pure-client, properties.py.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace cairn::array::simulator {

// Throws Refusal when the expression cannot be read.
bool passes(std::string_view filter, const nlohmann::json& item);

}  // namespace cairn::array::simulator
