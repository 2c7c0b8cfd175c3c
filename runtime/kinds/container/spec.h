// From the settings of a `service` or `run` to what its container is made from.
#pragma once

#include <string>

#include "runtime/kinds/process_settings.h"
#include "runtime/kinds/world.h"
#include "runtime/platform/docker/endpoint.h"
#include "runtime/platform/docker/spec.h"

namespace cairn::kinds {

// Where a container's CAIRN_OUTPUT points to.
inline constexpr std::string_view kOutputsPath = "/tmp/.cairn-outputs";

docker::HealthcheckSpec healthcheck_of(const Named<Value>& settings);

// Everything but identity, image and networks. Fails where the file names something that this machine or this
// engine does not have: an `env_file`, a path to mount.
Result<docker::ContainerSpec> container_spec(const World& world, NodeId node, const ProcessSettings& settings,
                                             const docker::Endpoint& engine, execute::StepContext& context);

}  // namespace cairn::kinds
