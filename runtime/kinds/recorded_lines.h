// Files of a run's folder that say, a line each, where the run has been.
#pragma once

#include <string>

#include "runtime/effects/result.h"

namespace cairn::kinds {

// Appends the line and waits until it is on disk. `line` has no line end.
Result<Done> record_line(const std::string& path, const std::string& line);

}  // namespace cairn::kinds
