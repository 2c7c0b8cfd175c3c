// A duration for people: "250ms", "10s", "1m30s".
#pragma once

#include <string>

#include "runtime/plan/moment.h"

namespace cairn::plan {

std::string show_time(Wait wait);

}  // namespace cairn::plan
