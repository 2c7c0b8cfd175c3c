#include "runtime/kinds/pools.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/clone/tree.h"
#include "runtime/effects/locks.h"
#include "runtime/kinds/recorded_lines.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

constexpr const char* file_name = "/pools";
constexpr std::string_view of_up = "up----";  // in the place of a run's six characters

// A path of the file is a folder's name in the pool.
std::string folder_name(std::string_view path) {
  std::string name;
  for (const char c : path) name += c == '/' || c == ':' ? '_' : c;
  return name;
}

}  // namespace

std::string folder_of_pools() {
  const char* folder = std::getenv("CAIRN_POOLS");
  return folder != nullptr && *folder != '\0' ? folder : "/var/lib/cairn/pools";
}

Result<std::optional<clone::Pool>> Pools::usable() {
  std::lock_guard lock(mutex_);
  if (looked_) return pool_;
  std::vector<clone::Pool> pools = clone::list_pools(folder_of_pools());
  std::stable_partition(pools.begin(), pools.end(),
                        [](const clone::Pool& pool) { return pool.name == "default"; });
  const auto found = std::find_if(pools.begin(), pools.end(), [](const clone::Pool& pool) {
    return pool.mounted && access(pool.where.c_str(), W_OK | X_OK) == 0;
  });
  if (found != pools.end()) {
    if (Result<Done> recorded = record_line(world_.place.folder + file_name, found->where); !recorded)
      return recorded.failure();
    pool_ = *found;
  }
  looked_ = true;
  return pool_;
}

std::string Pools::place_for(const clone::Pool& pool, NodeId node) const {
  return clone::clone_path(pool, world_.place.project,
                           world_.place.up ? std::string(of_up) : std::string(short_run_id(world_.place.run)),
                           folder_name(world_.graph.node(node).path));
}

Result<clone::Cloned> Pools::fill(const clone::Pool& pool, NodeId node, const std::string& source,
                                  bool shared, std::stop_token stop) {
  const std::string target = place_for(pool, node);
  if (Result<> gone = clone::remove_tree(target); !gone) return gone.failure();  // of an attempt before
  if (!shared || clone::lies_in(pool, source))
    return clone::clone_into(pool, source, target, std::move(stop));
  std::string seed;
  {
    std::lock_guard lock(mutex_);
    Seed& common = seeds_[source];
    if (common.path.empty()) {
      const std::string path = target + ".seed";
      if (Result<> gone = clone::remove_tree(path); !gone) return gone.failure();
      const Result<clone::Cloned> brought = clone::clone_into(pool, source, path, stop);
      if (!brought) return brought.failure();
      common.path = path;
    }
    if (seed_of_.emplace(node, source).second) ++common.users;
    seed = common.path;
  }
  return clone::clone_into(pool, seed, target, std::move(stop));
}

Result<Done> Pools::remove(NodeId node) {
  std::optional<clone::Pool> pool;
  std::string seed;
  {
    std::lock_guard lock(mutex_);
    pool = pool_;
    if (const auto used = seed_of_.find(node); used != seed_of_.end()) {
      const auto shared = seeds_.find(used->second);
      if (--shared->second.users == 0) {
        seed = shared->second.path;
        seeds_.erase(shared);
      }
      seed_of_.erase(used);
    }
  }
  if (!pool) return Done{};
  for (const std::string& path : {place_for(*pool, node), seed})
    if (!path.empty())
      if (Result<> gone = clone::remove_tree(path); !gone) return gone.failure();
  // The last one takes the project's folder with it; others' clones keep it.
  ::rmdir(fs::path(place_for(*pool, node)).parent_path().c_str());
  return Done{};
}

std::vector<std::string> recorded_pools(const std::string& run_folder) {
  std::vector<std::string> pools;
  std::ifstream file(run_folder + file_name, std::ios::binary);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with('/') && std::find(pools.begin(), pools.end(), line) == pools.end())
      pools.push_back(line);
  return pools;
}

}  // namespace cairn::kinds
