// The networks that one container is on: those of its scopes, which it joins and leaves, and those that its
// file names.
#pragma once

#include <string>
#include <vector>

#include "runtime/kinds/containers.h"

namespace cairn::kinds {

// Of one container, used by one thread at a time.
class ContainerNetworks {
 public:
  ContainerNetworks(Containers& containers, docker::Engine& engine, NodeId node)
      : containers_(containers), engine_(engine), node_(node) {}

  // Writes into the spec where the container shall be; the networks of its scopes are there afterwards.
  Result<Done> join(docker::ContainerSpec& spec, const ProcessSettings& settings,
                    execute::StepContext& context);
  // One that was taken over is on its networks already; they live as long as it does.
  Result<Done> keep(const ProcessSettings& settings, execute::StepContext& context);
  // All of them, whatever becomes of one; the first failure. Those that failed can be tried again.
  Result<Done> leave();

 private:
  std::vector<std::string> scopes() const;
  Result<std::string> join_scope(const std::string& scope, execute::StepContext& context);

  Containers& containers_;
  docker::Engine& engine_;
  const NodeId node_;
  std::vector<std::string> joined_;  // scopes
};

}  // namespace cairn::kinds
