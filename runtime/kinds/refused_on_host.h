// What a process of this machine cannot have: refused before anything runs.
#pragma once

#include <vector>

#include "runtime/plan/plan.h"

namespace cairn::kinds {

// One for each node that the plan performs on this machine with a setting that only a container can have, or
// with a `memory` or `pids_limit` for which there is no control group. Looks at this process's own groups
// only.
std::vector<plan::Refusal> refused_on_host(const Graph& graph, const plan::Plan& plan);

}  // namespace cairn::kinds
