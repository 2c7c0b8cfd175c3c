// An image built by the docker client's plugin buildx, a process of the run.
#pragma once

#include <string>

#include "runtime/kinds/build_settings.h"
#include "runtime/kinds/world.h"
#include "runtime/platform/docker/build.h"
#include "runtime/platform/docker/engine.h"

namespace cairn::kinds {

// The id of the image, which then is on the engine. By the builder that the docker client would take there:
// the engine's own, or the one that BUILDX_BUILDER or `docker buildx use` names. `spec`: as other builders
// have it, its Dockerfile as a text. What is written for it lies in the run's folder, without secrets, and is
// removed.
Result<std::string> build_with_buildx(World& world, docker::Engine& engine, NodeId node,
                                      const BuildSettings& settings, docker::BuildSpec spec,
                                      execute::StepContext& context);

}  // namespace cairn::kinds
