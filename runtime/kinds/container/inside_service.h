// A `run` with `in = service`: a program in the container of a service that runs.
#pragma once

#include <memory>

#include "runtime/kinds/containers.h"
#include "runtime/kinds/process_settings.h"

namespace cairn::kinds {

// `service`: where. Ends, when it is cut off, with all that it has started; what it leaves running when it
// has ended by itself belongs to the service from then on.
Result<std::shared_ptr<Workload>> make_workload_inside(Containers& containers,
                                                       const execute::StepRequest& request, NodeId service,
                                                       ProcessSettings settings,
                                                       const std::vector<Setting>& all);

}  // namespace cairn::kinds
