// What a `run` leaves: reports, artifacts, outputs. Taken from steps that failed as well.
#pragma once

#include "runtime/kinds/settled.h"

namespace cairn::kinds {

// Fetches and reads all that the settings promise, shelves it in the world and publishes the exports
// `artifacts` and `outputs`. The first problem is the Failure (a failed case, a report that is missing or
// malformed, an artifact that is missing); everything else is collected all the same.
Result<Done> collect(World& world, const execute::StepRequest& request, const std::vector<Setting>& settings,
                     Workload& workload, execute::StepContext& context);

// The paths and patterns that collect() will ask the workload for.
std::vector<std::string> promised_files(const std::vector<Setting>& settings);

}  // namespace cairn::kinds
