// Pools as a run sees them: where its copies of engine volumes lie when the engine's own file system cannot
// share blocks. What a run has there are folders POOL/PROJECT/RUN6-NODE, found again by reading POOL.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/clone/pool.h"
#include "runtime/effects/turn.h"
#include "runtime/kinds/storage_agents.h"
#include "runtime/kinds/world.h"

namespace cairn::kinds {

// $CAIRN_POOLS, or /var/lib/cairn/pools.
std::string folder_of_pools();

// Thread-safe.
class Pools {
 public:
  explicit Pools(World& world);

  // The mounted pool of a machine that clones go to (`default` before others), if it may be written to.
  Result<std::optional<clone::Pool>> usable(Machine machine, std::stop_token stop);
  // Where the node's copy is, or would be.
  std::string place_for(const clone::Pool& pool, NodeId node) const;

  // Makes the node's copy of the folder `source`; the pool is recorded in the run's folder before anything is
  // put into it. With `shared`, what lies outside of the pool is brought in once for all copies of that
  // folder, which share it from there.
  Result<clone::Cloned> fill(Machine machine, const clone::Pool& pool, NodeId node, const std::string& source,
                             bool shared, std::stop_token stop);
  // Removes the node's copy, wherever it is, also one that an earlier life of the run has made; fine when
  // there is none. `engine`: the node's.
  Result<Done> remove(NodeId node, docker::Engine& engine);

 private:
  struct Seed {
    std::string path;
    int users = 0;
  };
  using SeedKey = std::pair<Machine, std::string>;  // by the folder that it is a copy of
  struct Made {
    Machine machine = nullptr;
    clone::Pool pool;
    std::optional<SeedKey> seed;
  };
  Result<Done> record(Machine machine, const clone::Pool& pool);
  Result<Done> remove_made(NodeId node, const Made& made);
  Result<std::string> seed_for(Machine machine, const clone::Pool& pool, NodeId node,
                               const std::string& source, std::stop_token stop);

  World& world_;
  const bool resumed_;  // an earlier life of the run has put something into pools elsewhere
  Turn turn_;           // of one who brings a seed in, or looks: the others wait for what comes of it
  std::mutex mutex_;
  std::map<Machine, std::optional<clone::Pool>> pools_;
  std::map<SeedKey, Seed> seeds_;
  std::map<NodeId, Made> made_;
};

// The pools that a run has used, in its folder.
std::vector<std::string> recorded_pools(const std::string& run_folder);

}  // namespace cairn::kinds
