// What a container mounts, as the file writes it.
#pragma once

#include <string>

#include "runtime/kinds/world.h"
#include "runtime/platform/docker/spec.h"

namespace cairn::kinds {

// Relative paths start at the folder of the file that wrote them.
std::string absolute(const Path& path);
// A volume (by the name that it exported), a path of this machine that has to be there, `readonly(…)` or
// `subpath(…, "part")` of one of them.
Result<docker::MountSpec> mount_of(const World& world, execute::StepContext& context,
                                   const std::string& target, const Value& value);

}  // namespace cairn::kinds
