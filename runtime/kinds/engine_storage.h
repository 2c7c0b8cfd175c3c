// Volumes of an engine as folders of this machine, and who uses them.
#pragma once

#include <string>

#include "runtime/effects/result.h"
#include "runtime/kinds/containers.h"
#include "runtime/platform/docker/volumes.h"

namespace cairn::kinds {

// Where the volume's content lies on this machine. Fails when it is elsewhere, or only root may look there.
Result<std::string> folder_of_volume(docker::Engine& engine, const std::string& volume, std::stop_token stop);

// The volume that a reference has published, or the folder that a path names.
struct CopySource {
  std::string volume;  // empty: none, but a folder of the file
  std::string folder;  // empty: not looked for
};
Result<CopySource> copy_source(const World& world, const Value& from, const execute::StepContext& context);

// A Failure when a running container can write to the volume: what is copied meanwhile is of no single
// moment.
Result<Done> refuse_writers(docker::Engine& engine, const std::string& volume, std::stop_token stop);
// A Failure when a running container has it mounted at all: its content must not change under it.
Result<Done> refuse_users(docker::Engine& engine, const std::string& volume, std::stop_token stop);

}  // namespace cairn::kinds
