// The two REST generations as views of one state. Each takes a request that has been let in and returns its
// answer, or throws Refusal.
#pragma once

#include <string>

#include "runtime/array/simulator/exchange.h"
#include "runtime/array/simulator/state.h"

namespace cairn::array::simulator {

// `path` is what follows "/api/1.19/", for example "volume/v1/host".
Answer view_1(State& state, const std::string& method, const std::string& path,
              const nlohmann::json& parameters);
// `path` is what follows "/api/2.26/", for example "volumes". Collections beside the volumes:
// view_2_hosts.cc.
Answer view_2(State& state, const std::string& method, const std::string& path,
              const nlohmann::json& parameters);

// Parts of view_2.
bool view_2_of_hosts(State& state, const std::string& method, const std::string& path,
                     const nlohmann::json& parameters, Answer& answer);
// The 2.x answer for a list: names, ids, filter, sort, limit, offset, continuation_token, total_item_count.
Answer listed(const State& state, std::vector<nlohmann::json> items, const nlohmann::json& parameters);
Answer items_answer(std::vector<nlohmann::json> items);  // of a mutation
Answer empty_answer();

}  // namespace cairn::array::simulator
