// Who we are to a registry: what a `registry` block says, else what the docker client keeps.
#pragma once

#include "interpreter/text.h"
#include "runtime/kinds/world.h"

namespace cairn::kinds {

// The value of X-Registry-Auth; an empty text for nobody in particular. `block`: a reference to a `registry`,
// or null: then the one whose `host` it is, or what the docker client knows.
Result<Text> registry_login(World& world, const Value& block, const std::string& registry,
                            const execute::StepContext& context);

}  // namespace cairn::kinds
