// Exports as the journal keeps them, so that a resumed run has what its steps have said before.
#pragma once

#include <optional>
#include <string>

#include "interpreter/graph.h"
#include "runtime/scribe/masker.h"

namespace cairn::execute {

// As JSON that keeps the type. Empty for what is not to be written down: a secret, a text that holds one, and
// what is longer than `longest_recorded`.
std::string recorded_value(const Graph& graph, const scribe::Masker& masker, const Value& value);
inline constexpr std::size_t longest_recorded = 256u << 10;

// Nothing if it was not written down, or is none of ours; a node that the graph does not have is `no_node`.
std::optional<Value> value_recorded(const Graph& graph, const std::string& text);

}  // namespace cairn::execute
