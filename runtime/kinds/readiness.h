// The probes of `ready = […]` and of `probe` blocks: from what the file says to a wait that ends.
#pragma once

#include "runtime/kinds/world.h"
#include "runtime/reach/wake_up.h"

namespace cairn::kinds {

// Waits until every probe was good, one after the other. The failure says what was seen last.
// `service`: whose ports the probes name; no_node: they have to name a host.
// `once`: one look each, for what should be ready already.
Result<Done> wait_until_ready(World& world, const std::vector<Value>& probes, NodeId service,
                              reach::ProbeTarget& target, execute::StepContext& context,
                              reach::WakeUp& wake_up, bool once = false);

}  // namespace cairn::kinds
