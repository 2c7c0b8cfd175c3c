// Pools as a run sees them: where its copies of engine volumes lie when the engine's own file system cannot
// share blocks. What a run has there are folders POOL/PROJECT/RUN6-NODE, found again by reading POOL.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/clone/pool.h"
#include "runtime/kinds/world.h"

namespace cairn::kinds {

// $CAIRN_POOLS, or /var/lib/cairn/pools.
std::string folder_of_pools();

// Thread-safe.
class Pools {
 public:
  explicit Pools(World& world) : world_(world) {}

  // The mounted pool that clones go to (`default` before others), if this process may write there; recorded
  // in the run's folder before anything is put into it.
  Result<std::optional<clone::Pool>> usable();
  // Where the node's copy is, or would be.
  std::string place_for(const clone::Pool& pool, NodeId node) const;

  // Makes the node's copy of the folder `source`. With `shared`, what lies outside of the pool is brought in
  // once for all copies of that folder, which share it from there.
  Result<clone::Cloned> fill(const clone::Pool& pool, NodeId node, const std::string& source, bool shared,
                             std::stop_token stop);
  // Removes the node's copy, wherever it is; fine when there is none.
  Result<Done> remove(NodeId node);

 private:
  struct Seed {
    std::string path;
    int users = 0;
  };
  World& world_;
  std::mutex mutex_;  // held while a seed is brought in: the others wait for it
  bool looked_ = false;
  std::optional<clone::Pool> pool_;
  std::map<std::string, Seed> seeds_;  // by the folder that they are copies of
  std::map<NodeId, std::string> seed_of_;
};

// The pools that a run has used, in its folder.
std::vector<std::string> recorded_pools(const std::string& run_folder);

}  // namespace cairn::kinds
