// `down` and `clean`: planning with an empty graph. Everything that is ours and that the goal names is
// undone, users before what they use; what is anybody else's is not in here at all.
#pragma once

#include "interpreter/graph.h"
#include "runtime/plan/facts.h"
#include "runtime/plan/goal.h"
#include "runtime/plan/plan.h"

namespace cairn::plan {

struct Removal {
  Graph graph;  // a node for each object: its path is unique, its kind is Identity::what
  Plan plan;    // its finalisers: undo
  Facts facts;  // of_node: by those paths
};

Removal removal_of_stack(const Facts& facts, const DownGoal& goal);
Removal removal_of_runs(const Facts& facts, const CleanGoal& goal);

}  // namespace cairn::plan
