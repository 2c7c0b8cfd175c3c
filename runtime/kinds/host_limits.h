// Limits of host processes that this machine cannot enforce: refused before anything runs.
#pragma once

#include <vector>

#include "runtime/plan/plan.h"

namespace cairn::kinds {

// One for each node that the plan performs on this machine with `cpus`, or with a `memory` or `pids_limit`
// for which there is no control group. Looks at this process's own groups only.
std::vector<plan::Refusal> limits_refused(const Graph& graph, const plan::Plan& plan);

}  // namespace cairn::kinds
