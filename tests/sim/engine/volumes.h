// Volumes of a simulated engine. Creating one that exists succeeds, and answers with what exists.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

Reply create_volume(State& state, const Asked& asked);
Reply list_volumes(State& state, const Asked& asked);
Reply inspect_volume(State& state, const std::string& name);
Reply remove_volume(State& state, const std::string& name);

}  // namespace cairn::sim
