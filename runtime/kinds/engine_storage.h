// Volumes of an engine as folders of a machine, and who uses them.
#pragma once

#include <memory>
#include <string>

#include "runtime/clone/storage.h"
#include "runtime/effects/result.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/storage_agents.h"
#include "runtime/platform/docker/volumes.h"

namespace cairn::kinds {

struct VolumePlace {
  Machine machine = nullptr;  // whose folder it is: this machine's, or an engine's
  std::string folder;
  std::shared_ptr<clone::Storage> storage;  // of that machine
};

// Where the volume's content lies: a folder of this machine when that is surely the engine's own and this
// process may work in it, else one that a storage agent works in, which is started for it. Two machines may
// well have folders of one name. An engine tells when a volume's folder last changed (Docker Engine API 1.41,
// GET /volumes/{name}: CreatedAt is the change time of it, of its parent or of what is mounted there,
// moby/volume/local), which has to be so here; and StorageAgents::shares_folders() has to say so.
Result<VolumePlace> place_of_volume(World& world, docker::Engine& engine, const std::string& volume,
                                    std::stop_token stop);
// Whether this machine is surely not the engine's, by one of its volumes.
bool lies_elsewhere(const docker::VolumeFacts& facts);

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
