// What is to be done to reach a goal, step by step, with reasons. Pure: the same graph, facts and goal give
// the same plan and the same text.
#pragma once

#include <string>
#include <vector>

#include "interpreter/graph.h"
#include "runtime/plan/verdict.h"

namespace cairn::plan {

struct StepPlan {
  Verdict verdict = Verdict::not_needed;
  std::string reason;  // "its image has changed"; never empty
  Span span;  // the place in the file that the reason is about; the block's head if there is none better
};

struct Plan {
  std::vector<StepPlan> steps;  // by StepId
};

}  // namespace cairn::plan
