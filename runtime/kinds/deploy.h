// `deploy` in Compose's form, as far as one engine can do it: limits, reservations, restarts.
#pragma once

#include <string>
#include <vector>

#include "runtime/effects/result.h"
#include "runtime/kinds/process_settings.h"

namespace cairn::kinds {

// Puts what `deploy` says into the settings that mean the same; what is given as a setting of its own wins.
// Returns what only a cluster can do, by name ("placement"), to be told. A Failure for a part that Compose
// does not know, or a value of the wrong kind.
Result<std::vector<std::string>> apply_deploy(ProcessSettings& settings);

}  // namespace cairn::kinds
