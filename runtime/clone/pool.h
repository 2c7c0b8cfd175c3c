// A pool: a file system that can share extents, in one sparse image, mounted once for everybody. Made and
// removed on purpose, never by a run. A clone in it is a folder whose name says whose it is, so that what a
// killed run left is found by reading a folder.
#pragma once

#include <optional>
#include <stop_token>

#include "runtime/clone/tree.h"
#include "runtime/effects/clock.h"

namespace cairn::clone {

struct Pool {
  std::string name, image, where, type;
  std::uint64_t size = 0;     // bytes that it may grow to
  std::uint64_t on_disk = 0;  // bytes that its image takes now
  std::uint64_t free = 0;     // as its file system counts; 0 when it is not mounted
  bool mounted = false;
};

struct PoolWish {
  std::string folder;  // of all pools: FOLDER/NAME.img, mounted at FOLDER/NAME
  std::string name = "default";
  std::string type = "xfs";  // or "btrfs"
  std::uint64_t size = std::uint64_t{100} << 30;
};

// Makes what is missing and mounts it; a pool that is there is mounted again, after a restart for example. A
// failure without the right to mount says exactly what is needed.
Result<Pool> create_pool(const PoolWish& wish);
std::vector<Pool> list_pools(const std::string& folder);
// The mounted one that clones go to, `default` before others, if this process may write there.
std::optional<Pool> usable_pool(const std::string& folder);
// Refused while it holds clones, unless `with_clones`.
Result<> remove_pool(const std::string& folder, const std::string& name, bool with_clones, Clock& clock,
                     std::stop_token stop);

struct PoolClone {
  std::string project, run, node;
  std::string path;
};
// POOL/PROJECT/RUN6-NODE. `run` is cut to its first six characters.
std::string clone_path(const Pool& pool, const std::string& project, const std::string& run,
                       const std::string& node);
std::vector<PoolClone> clones_in(const Pool& pool);

// Whether the folder or file is on the pool's file system.
bool lies_in(const Pool& pool, const std::string& path);

// Makes `target`, a path in the pool that is free, a clone of `source`, by the best method that works between
// the two, found by trying. What comes from outside is copied; on btrfs it becomes a subvolume, so that its
// own clones are snapshots. Removes what it began when it fails.
Result<Cloned> clone_into(const Pool& pool, const std::string& source, const std::string& target,
                          std::stop_token stop);

}  // namespace cairn::clone
