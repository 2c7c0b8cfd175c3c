// The storage agents of a run: one on each engine whose volumes this process cannot look into, because it is
// elsewhere, or because only root may look there.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/effects/turn.h"
#include "runtime/kinds/world.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/reach/storage_agent.h"

namespace cairn::kinds {

// Whose file systems: an engine's, through an agent, or this machine's (null).
using Machine = docker::Engine*;

// Thread-safe.
class StorageAgents {
 public:
  explicit StorageAgents(World& world) : world_(world) {}

  // Of an engine: its agent, made when first asked for; again, when the last one has ended.
  Result<std::shared_ptr<clone::Storage>> on(Machine machine, std::stop_token stop);
  // Whether the agent of this engine, which is there, sees that path.
  bool sees(Machine machine, const std::string& path) const;
  // Whether what the engine keeps in folders is in the same folders here: found by making a volume of a name
  // that nobody else has, once.
  Result<bool> shares_folders(docker::Engine& engine, std::stop_token stop);
  // The end of the run: what could not be removed is told.
  std::vector<Failure> remove();

 private:
  World& world_;
  Turn turn_;  // of one who makes an agent or a volume: the others wait for it
  mutable std::mutex mutex_;
  std::map<Machine, std::shared_ptr<reach::StorageAgent>> agents_;
  std::map<Machine, bool> shares_folders_;
};

// Makes one that is of the run, or of whoever cleans up after it. `number`: of agents with this name.
Result<std::shared_ptr<reach::StorageAgent>> start_storage_agent(docker::Engine& engine, Clock& clock,
                                                                 const std::string& project,
                                                                 const std::string& run, std::size_t number,
                                                                 std::stop_token stop);

// Which pools on machines of engines elsewhere a run has used, in its folder: on disk before anything is put
// there, gone when nothing of it is there any more.
struct EnginePool {
  std::string engine;  // as Endpoint::shown
  std::string where;
  bool operator==(const EnginePool&) const = default;
};
Result<Done> record_engine_pool(const std::string& run_folder, const EnginePool& pool);
std::vector<EnginePool> recorded_engine_pools(const std::string& run_folder);
void forget_engine_pools(const std::string& run_folder);

}  // namespace cairn::kinds
