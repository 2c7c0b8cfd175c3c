// What is on an engine, ours and everybody else's.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/engine/state.h"

namespace cairn::sim {

struct Inventory {
  std::vector<std::string> ours, kept, foreign;  // each: "container cairn-…"; of `foreign` all that is known
  std::vector<std::string> names_of_runs;        // of ours and kept, those that a run has made
};
// Ours is what is of `project`; with `run`, of this run only, and the rest is foreign.
Inventory inventory(const State& state, const std::string& project, const std::string& run = {});

}  // namespace cairn::sim
