// How long to wait before the next attempt.
#pragma once

#include "interpreter/graph.h"
#include "runtime/plan/moment.h"

namespace cairn::plan {

// After attempt `ended` (from 1): the delay doubles with each attempt up to the most allowed, and between
// half and all of that is taken, by `chance` in [0, 1), so that many that failed together do not come back
// together.
Wait retry_delay(const Retry& retry, int ended, double chance);

}  // namespace cairn::plan
