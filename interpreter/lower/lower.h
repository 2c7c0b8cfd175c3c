// From the unfolded program to the frozen graph: settings typed and filled in, steps of every node, edges
// with their reasons. Pure and deterministic: the same program and inputs give the same bytes.
#pragma once

#include <optional>

#include "interpreter/evaluate.h"
#include "interpreter/graph.h"

namespace cairn {

// Expands and evaluates everything that can be had and reports what is wrong with it. A graph comes out only
// when the program has no error at all, from earlier passes either.
std::optional<Graph> lower(Evaluator& evaluator);

}  // namespace cairn
