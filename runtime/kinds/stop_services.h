// `restart`: what `up` has left is stopped where it is, to be started again.
#pragma once

#include <functional>
#include <vector>

#include "runtime/kinds/world.h"
#include "runtime/plan/facts.h"

namespace cairn::kinds {

// Each as it wants to be stopped (`pre_stop`, signal, grace, kill), one after the other in this order.
// Containers stay, stopped; a process of this machine is gone. One that does not run is fine. `facts` are of
// observe(), which has filled World::seen_containers. A `pre_stop` that fails stops nothing from being
// stopped: `told`.
Result<Done> stop_services(World& world, const plan::Facts& facts, const std::vector<NodeId>& services,
                           const std::function<void(const Failure&)>& told);

}  // namespace cairn::kinds
