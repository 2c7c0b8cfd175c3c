// What is certain to go wrong with clones and snapshots, read off the graph before anything runs.
#pragma once

#include <vector>

#include "interpreter/graph.h"
#include "runtime/plan/plan.h"

namespace cairn::plan {

// A source that a service may write while it is copied file by file; a service that is stopped and started
// for an overwrite while a step uses it. Only of steps that `plan` carries out.
std::vector<Refusal> refused_copies(const Graph& graph, const Plan& plan);

}  // namespace cairn::plan
