// What an engine says about itself: GET /info.
#pragma once

#include <string>

#include "runtime/platform/docker/engine.h"

namespace cairn::docker {

struct EngineInfo {
  std::string id, name, version, storage_driver, os, architecture;
  std::string root;  // the folder of all its data, on its machine
  int cpus = 0;
  std::int64_t memory = 0;        // bytes
  bool containerd_store = false;  // image ids are digests of manifests
  bool swarm_active = false, swarm_manager = false;
};

Result<EngineInfo> read_info(Engine& engine, std::stop_token stop);

}  // namespace cairn::docker
