// What containers of a simulated engine say: GET /containers/{id}/logs.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

void write_log(State& state, Container& container, bool to_stderr, std::string_view bytes);
// Lines without their ends are lines now, and nobody will say more: the container has ended.
void close_log(State& state, Container& container);
Reply read_log(State& state, Container& container, const Asked& asked);

}  // namespace cairn::sim
