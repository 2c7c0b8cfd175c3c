// The words for a spawn that failed.
#pragma once

#include "runtime/keeper/protocol.h"

namespace cairn::keeper {

// Names the step, the place and what to do; never a secret, since it shows no environment and no input.
Failure spawn_failure(const SpawnSpec& spec, const Answer& answer);

}  // namespace cairn::keeper
