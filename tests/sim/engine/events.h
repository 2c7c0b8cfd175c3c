// What happens on a simulated engine, told to whoever asked: GET /events.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

void tell(State& state, const Container& container, const std::string& action,
          std::map<std::string, std::string> attributes = {});
Reply follow_events(State& state, const Asked& asked);

}  // namespace cairn::sim
