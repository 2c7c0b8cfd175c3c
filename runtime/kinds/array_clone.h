// Snapshots and clones that an array makes, of volumes that an engine's driver keeps there.
#pragma once

#include "runtime/kinds/world.h"

namespace cairn::kinds {

// Of a node whose array_of() is one. A clone is a volume of the engine, made by the driver of its source, and
// then overwritten on the array: so that the engine knows whose it is before it holds anything.
execute::StepResult perform_array_clone(World& world, const execute::StepRequest& request,
                                        execute::StepContext& context);

}  // namespace cairn::kinds
