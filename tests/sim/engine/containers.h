// Containers of a simulated engine: /containers/… but for their logs and files.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

// By id, by the begin of one, or by name; null: there is none.
Container* find_container(State& state, const std::string& reference);

Reply create_container(State& state, const Asked& asked);
Reply start_container(State& state, Container& container);
Reply signal_container(State& state, Container& container, const std::string& signal);
Reply await_container(State& state, Container& container, const Asked& asked);
Reply remove_container(State& state, Container& container, const Asked& asked);
Reply inspect_container(State& state, Container& container);
Reply list_containers(State& state, const Asked& asked);

// Its program has ended, for whatever reason; what its restart policy says happens next.
void container_ended(State& state, Container& container, int code);
// From outside, as a kernel that is out of memory does it.
void kill_container(State& state, Container& container, int code);

std::vector<std::string> strings_in(const Json& object, const char* name);
std::map<std::string, std::string> environment_of(const Container& container);

}  // namespace cairn::sim
