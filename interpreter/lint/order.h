// Which steps happen before which, for many questions at once.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "interpreter/graph.h"

namespace cairn::lint {

struct Question {
  StepId from = no_step;
  StepId to = no_step;
};

// For each question whether a chain of edges leads from `from` to `to`. Sixty-four sources are followed in
// one pass over the edges, so thousands of questions cost tens of passes.
std::vector<bool> comes_before(const Graph& graph, const std::vector<Question>& questions);

}  // namespace cairn::lint
