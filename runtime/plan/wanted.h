// Which steps a goal wants, before anybody looks at what is there.
#pragma once

#include <vector>

#include "interpreter/graph.h"
#include "runtime/plan/goal.h"

namespace cairn::plan {

std::vector<char> wanted_by_run(const Graph& graph, const RunGoal& goal);  // by StepId
// A service's finalisers are wanted only where the file itself waits for them (`after = [db.stopped]`).
std::vector<char> wanted_by_up(const Graph& graph, const UpGoal& goal);

}  // namespace cairn::plan
