// Files into and out of simulated containers: /containers/{id}/archive.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

Reply stat_archive(State& state, Container& container, const Asked& asked);
Reply get_archive(State& state, Container& container, const Asked& asked);
Reply put_archive(State& state, Container& container, const Asked& asked);

}  // namespace cairn::sim
