// Starting a service and waiting for it: what its own steps do, and what an overwrite of its volume does
// again.
#pragma once

#include "runtime/kinds/world.h"

namespace cairn::kinds {

// `request` is of the service's `start`. It is watched from then on: the executor hears of its death.
Result<Done> start_service(World& world, const execute::StepRequest& request, Workload& workload,
                           execute::StepContext& context);
// `request` is of its `ready`. The Failure says what was seen last.
Result<Done> wait_for_service(World& world, const execute::StepRequest& request, Workload& workload,
                              execute::StepContext& context);

}  // namespace cairn::kinds
