// Programs run in containers of a simulated engine: /containers/{id}/exec and /exec/{id}.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

Reply make_exec(State& state, Container& container, const Asked& asked);
Reply start_exec(State& state, const std::string& id);
Reply inspect_exec(State& state, const std::string& id);
void exec_ended(State& state, Exec& exec, int code);
// The container has ended, and all that ran in it with it.
void end_execs(State& state, const Container& container);

}  // namespace cairn::sim
