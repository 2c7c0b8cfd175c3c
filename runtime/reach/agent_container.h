// A container of cairn's own on an engine elsewhere: an image that holds one static program, and that program
// talking over stdin and stdout. Labelled as all that is ours; it ends by itself when cairn does.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/http/duplex.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/spec.h"

namespace cairn::reach {

// Used by one thread at a time.
class AgentContainer {
 public:
  // `identity`: its name is the container's and the image's, lower case. `engine` must outlive it.
  AgentContainer(docker::Engine& engine, docker::Identity identity)
      : engine_(engine), identity_(std::move(identity)) {}

  // Makes the image of `program`, the container as `spec` says (but for its identity, image, command, and
  // what every agent has: no way to more rights, nothing written but its mounts, no log), and starts it. What
  // comes back is its stdin and stdout in one, as the engine frames them. Whatever was made stays until
  // remove().
  Result<std::unique_ptr<http::Duplex>> start(std::string_view program, docker::ContainerSpec spec,
                                              std::stop_token stop);
  const std::string& id() const { return container_; }
  // Container and image; returns when they are gone.
  Result<Done> remove(std::stop_token stop);

 private:
  Result<Done> make_image(std::string_view program, std::stop_token stop);
  Result<Done> find_what_was_made(std::stop_token stop);

  docker::Engine& engine_;
  const docker::Identity identity_;
  std::string image_, container_;
  bool may_be_there_ = false;  // the container, though nobody knows its id
};

}  // namespace cairn::reach
