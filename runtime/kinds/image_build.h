// `image { context = … }`: a build, by the engine itself or through the docker client's plugin buildx.
#pragma once

#include "runtime/kinds/settled.h"
#include "runtime/platform/docker/engine.h"

namespace cairn::kinds {

// The id of the image that was built.
Result<std::string> build_image(World& world, docker::Engine& engine, const execute::StepRequest& request,
                                const std::vector<Setting>& settings, execute::StepContext& context);

}  // namespace cairn::kinds
