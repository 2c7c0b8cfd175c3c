// Which engines a run has used, in its folder: so that `clean`, `down` and `ps` find its objects without its
// file.
#pragma once

#include <string>
#include <vector>

#include "runtime/platform/docker/endpoint.h"

namespace cairn::kinds {

// Before anything is made there. Appended to `engines` of the run's folder; where keys are, never the keys
// themselves.
Result<Done> record_engine(const std::string& run_folder, const docker::Endpoint& endpoint);

// Each once, those over ssh without their tunnel, in the order of their first use. A line that cannot be read
// (the last of a crash) is passed over.
std::vector<docker::Endpoint> recorded_engines(const std::string& run_folder);

}  // namespace cairn::kinds
