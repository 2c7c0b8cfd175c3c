// Where others reach a container that runs.
#pragma once

#include <stop_token>

#include "runtime/kinds/containers.h"
#include "runtime/platform/docker/containers.h"

namespace cairn::kinds {

// Its address, its published ports, and, where its engine's networks are not on this machine, how the agent
// leads there. Asks the engine only about a container that has the network of its machine.
ServicePlace place_of(Containers& containers, docker::Engine& engine, const std::string& id,
                      const docker::ContainerNetworking& facts, std::stop_token stop);

}  // namespace cairn::kinds
