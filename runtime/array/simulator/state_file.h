// The whole state as JSON, so that a simulated array survives the end of its process.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "runtime/array/simulator/state.h"

namespace cairn::array::simulator {

nlohmann::json saved(const State& state);
void load(const nlohmann::json& from, State& state);

// Written beside and renamed over, after the bytes are on the disk.
Result<> write_state(const State& state, const std::string& path);
// False when there is no such file.
Result<bool> read_state(const std::string& path, State& state);

}  // namespace cairn::array::simulator
