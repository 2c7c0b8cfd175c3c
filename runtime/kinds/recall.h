// What a run that is resumed has done before: of its journal, what the plan and the rest of the run need.
#pragma once

#include <string>

#include "interpreter/graph.h"
#include "runtime/effects/journal.h"
#include "runtime/execute/exports.h"
#include "runtime/plan/facts.h"

namespace cairn::kinds {

// Adds to what was observed (observe.h, with `resumed`) what the journal says of the steps of run `run`, and
// publishes what they have said.
void recall(const Graph& graph, const std::string& run, const JournalState& before, plan::Facts& facts,
            execute::Exports& exports);

}  // namespace cairn::kinds
