// Images of a simulated engine, and the registries that it can reach. Builds are not simulated.
#pragma once

#include "tests/sim/engine/state.h"

namespace cairn::sim {

// By id, or by name and tag; null: there is none.
std::shared_ptr<Image> find_image(State& state, const std::string& reference);
// The one that all containers of tests are made from, under another name.
void make_image(State& state, const std::string& tag, const Json& config = Json::object());

Reply inspect_image(State& state, const std::string& reference);
Reply pull_image(State& state, const Asked& asked);
Reply tag_image(State& state, const std::string& reference, const Asked& asked);
Reply push_image(State& state, const std::string& reference, const Asked& asked);
Reply remove_image(State& state, const std::string& reference, const Asked& asked);
Reply commit(State& state, const Asked& asked);

}  // namespace cairn::sim
