// Networks of a simulated engine. As on an engine of API 1.41, a name identifies none of them.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

Network* find_network(State& state, const std::string& reference);
void make_predefined_networks(State& state);

Reply create_network(State& state, const Asked& asked);
Reply list_networks(State& state, const Asked& asked);
Reply inspect_network(State& state, const Network& network);
Reply remove_network(State& state, const Network& network);
Reply connect(State& state, Network& network, const Asked& asked);
Reply disconnect(State& state, const Network& network, const Asked& asked);

// Of a container that is being made: what it is to join when it starts. Empty, or why not.
std::string plan_endpoints(State& state, Container& container, const Json& networking);
// When it starts: empty, or which network is missing.
std::string join_networks(State& state, Container& container);
void leave_networks(Container& container);
Json endpoints_shown(State& state, const Container& container);

}  // namespace cairn::sim
