// Health checks of simulated containers.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

// When a container has begun: schedules its checks, if it has any.
void begin_health(State& state, Container& container);

}  // namespace cairn::sim
