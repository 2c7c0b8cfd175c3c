// `restart`: what `up` has left is stopped where it is, to be started again.
#pragma once

#include <vector>

#include "runtime/kinds/world.h"
#include "runtime/plan/facts.h"

namespace cairn::kinds {

// Each as it wants to be stopped (signal, grace, kill), one after the other in this order. Containers stay,
// stopped; a process of this machine is gone. One that does not run is fine. `facts` are of observe().
Result<Done> stop_services(World& world, const plan::Facts& facts, const std::vector<NodeId>& services);

}  // namespace cairn::kinds
