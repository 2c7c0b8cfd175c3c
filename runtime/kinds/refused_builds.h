// Builds that are certain to fail: refused before anything runs.
#pragma once

#include <vector>

#include "grammar/source.h"
#include "runtime/plan/plan.h"

namespace cairn::kinds {

// For `image` blocks that the plan makes: a secret or key that is not there, an ssh agent that is not there,
// a secret that the Dockerfile never mounts, settings that the chosen builder has not, no docker client for
// buildx. Looks at this machine only.
std::vector<plan::Refusal> refused_builds(const Graph& graph, const Sources& sources, const plan::Plan& plan);

}  // namespace cairn::kinds
