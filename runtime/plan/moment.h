// Time as the plan sees it: a number that its caller gives it. Nothing in this room reads a clock.
#pragma once

#include <chrono>

namespace cairn::plan {

using Moment = std::chrono::nanoseconds;  // since the run began
using Wait = std::chrono::nanoseconds;

}  // namespace cairn::plan
