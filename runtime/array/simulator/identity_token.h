// The array's side of an OAuth 2.0 token exchange: is this identity token (a JWT, RS256) one of our API
// clients'?
#pragma once

#include "runtime/array/simulator/simulator.h"

namespace cairn::array::simulator {

// The user that it is for. `now` in seconds since 1970.
Result<std::string> user_of_identity_token(const std::string& token, const std::vector<ApiClient>& clients,
                                           std::int64_t now);

}  // namespace cairn::array::simulator
