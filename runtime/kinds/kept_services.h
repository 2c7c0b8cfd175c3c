// Services of this machine that an earlier `up` left with its keeper.
#pragma once

#include <string>

#include "runtime/effects/clock.h"
#include "runtime/effects/result.h"
#include "runtime/kinds/world.h"

namespace cairn::kinds {

// Ends those that were started by this step ("db:start"): signal, grace, kill. Without it a second `up` would
// have two. The caller holds the project exclusively.
Result<Done> end_earlier(const RunPlace& place, const std::string& step, int signal, Nanoseconds grace,
                         Clock& clock, std::stop_token stop);

}  // namespace cairn::kinds
