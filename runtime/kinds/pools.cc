#include "runtime/kinds/pools.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "runtime/clone/tree.h"
#include "runtime/effects/locks.h"
#include "runtime/kinds/recorded_lines.h"

namespace cairn::kinds {
namespace {

constexpr const char* file_name = "/pools";
constexpr std::string_view of_up = "up----";  // in the place of a run's six characters

// A path of the file is a folder's name in the pool.
std::string folder_name(std::string_view path) {
  std::string name;
  for (const char c : path) name += c == '/' || c == ':' ? '_' : c;
  return name;
}

Failure stopped_waiting() {
  return {.message = "stopped while waiting for a pool", .is = FailureClass::cancelled, .nothing_done = true};
}

}  // namespace

std::string folder_of_pools() {
  const char* folder = std::getenv("CAIRN_POOLS");
  return folder != nullptr && *folder != '\0' ? folder : "/var/lib/cairn/pools";
}

Pools::Pools(World& world) : world_(world), resumed_(!recorded_engine_pools(world.place.folder).empty()) {}

Result<std::optional<clone::Pool>> Pools::usable(Machine machine, std::stop_token stop) {
  const Turn::Held turn = turn_.take(world_.clock, stop);
  if (!turn) return stopped_waiting();
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = pools_.find(machine); known != pools_.end()) return known->second;
  }
  const Result<std::shared_ptr<clone::Storage>> storage = world_.storage_agents->on(machine, stop);
  if (!storage) return storage.failure();
  Result<std::optional<clone::Pool>> found = (*storage)->pool(folder_of_pools(), stop);
  if (!found) return found;
  const std::lock_guard lock(mutex_);
  return pools_.emplace(machine, std::move(*found)).first->second;
}

std::string Pools::place_for(const clone::Pool& pool, NodeId node) const {
  return clone::clone_path(pool, world_.place.project,
                           world_.place.up ? std::string(of_up) : std::string(short_run_id(world_.place.run)),
                           folder_name(world_.graph.node(node).path));
}

Result<Done> Pools::record(Machine machine, const clone::Pool& pool) {
  return machine == nullptr
             ? record_line(world_.place.folder + file_name, pool.where)
             : record_engine_pool(world_.place.folder, {machine->endpoint().shown, pool.where});
}

Result<clone::Cloned> Pools::fill(Machine machine, const clone::Pool& pool, NodeId node,
                                  const std::string& source, bool shared, std::stop_token stop) {
  const std::string target = place_for(pool, node);
  const Result<std::shared_ptr<clone::Storage>> storage = world_.storage_agents->on(machine, stop);
  if (!storage) return storage.failure();
  {
    const Turn::Held turn = turn_.take(world_.clock, stop);
    if (!turn) return stopped_waiting();
    if (Result<Done> recorded = record(machine, pool); !recorded) return recorded.failure();
    const std::lock_guard lock(mutex_);
    made_.emplace(node, Made{machine, pool, std::nullopt});
  }
  if (Result<> gone = (*storage)->remove_clone(pool, target, stop); !gone)  // of an attempt before
    return gone.failure();
  if (!shared || clone::lies_in(pool, source)) return (*storage)->clone_into(pool, source, target, stop);
  const Result<std::string> seed = seed_for(machine, pool, node, source, stop);
  if (!seed) return seed.failure();
  return (*storage)->clone_into(pool, *seed, target, stop);
}

Result<std::string> Pools::seed_for(Machine machine, const clone::Pool& pool, NodeId node,
                                    const std::string& source, std::stop_token stop) {
  const Turn::Held turn = turn_.take(world_.clock, stop);
  if (!turn) return stopped_waiting();
  const SeedKey key{machine, source};
  Seed known;
  {
    const std::lock_guard lock(mutex_);
    known = seeds_[key];
  }
  if (known.path.empty()) {
    const Result<std::shared_ptr<clone::Storage>> storage = world_.storage_agents->on(machine, stop);
    if (!storage) return storage.failure();
    known.path = place_for(pool, node) + ".seed";
    if (Result<> gone = (*storage)->remove_clone(pool, known.path, stop); !gone) return gone.failure();
    const Result<clone::Cloned> brought = (*storage)->clone_into(pool, source, known.path, stop);
    if (!brought) return brought.failure();
  }
  const std::lock_guard lock(mutex_);
  Seed& seed = seeds_[key];
  seed.path = known.path;
  Made& made = made_[node];
  if (!made.seed) ++seed.users;
  made.seed = key;
  return known.path;
}

Result<Done> Pools::remove_made(NodeId node, const Made& made) {
  const Result<std::shared_ptr<clone::Storage>> storage = world_.storage_agents->on(made.machine, {});
  if (!storage) return storage.failure();
  std::string seed;
  if (made.seed) {
    const std::lock_guard lock(mutex_);
    const auto shared = seeds_.find(*made.seed);
    if (shared != seeds_.end() && --shared->second.users == 0) {
      seed = shared->second.path;
      seeds_.erase(shared);
    }
  }
  for (const std::string& path : {place_for(made.pool, node), seed})
    if (!path.empty())
      if (Result<> gone = (*storage)->remove_clone(made.pool, path, {}); !gone) return gone.failure();
  return Done{};
}

Result<Done> Pools::remove(NodeId node, docker::Engine& engine) {
  std::optional<Made> made;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = made_.find(node); found != made_.end()) made = found->second;
  }
  if (made) {
    if (Result<Done> gone = remove_made(node, *made); !gone) return gone;
    const std::lock_guard lock(mutex_);
    made_.erase(node);
    const bool others = std::any_of(made_.begin(), made_.end(),
                                    [](const auto& one) { return one.second.machine != nullptr; });
    if (made->machine != nullptr && !others && !resumed_) forget_engine_pools(world_.place.folder);
    return Done{};
  }
  clone::Pool pool;
  for (const std::string& where : recorded_pools(world_.place.folder)) {
    pool.where = where;
    if (Result<Done> gone = remove_made(node, {nullptr, pool, {}}); !gone) return gone;
  }
  for (const EnginePool& there : recorded_engine_pools(world_.place.folder)) {
    if (there.engine != engine.endpoint().shown) continue;
    pool.where = there.where;
    if (Result<Done> gone = remove_made(node, {&engine, pool, {}}); !gone) return gone;
  }
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
