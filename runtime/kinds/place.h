// Where a `run` or `service` runs: a process of this machine, or a container of an engine.
#pragma once

#include "runtime/kinds/settled.h"

namespace cairn::kinds {

Result<std::shared_ptr<Workload>> place_workload(World& world, const execute::StepRequest& request,
                                                 const std::vector<Setting>& settings,
                                                 execute::StepContext& context);

}  // namespace cairn::kinds
