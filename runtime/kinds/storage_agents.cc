#include "runtime/kinds/storage_agents.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "runtime/effects/locks.h"
#include "runtime/kinds/pools.h"
#include "runtime/kinds/recorded_lines.h"
#include "runtime/platform/docker/info.h"
#include "runtime/platform/docker/volumes.h"

namespace cairn::kinds {
namespace {

constexpr const char* file_name = "/engine-pools";

bool lies_below(const std::string& folder, const std::string& path) {
  const std::string plain = std::filesystem::path(path).lexically_normal().string();
  return plain.starts_with(folder + "/");
}

}  // namespace

Result<std::shared_ptr<reach::StorageAgent>> start_storage_agent(docker::Engine& engine, Clock& clock,
                                                                 const std::string& project,
                                                                 const std::string& run, std::size_t number,
                                                                 std::stop_token stop) {
  const Result<docker::EngineInfo> info = docker::read_info(engine, stop);
  if (!info) return info.failure();
  docker::Identity identity;
  identity.project = project;
  identity.run = run;  // also under `up`: it goes with this process
  identity.node = "(storage agent)";
  identity.attempt = "1";
  identity.name = fmt::format("cairn-storage-{}-{}", project, short_run_id(run));
  if (number > 1) identity.name += fmt::format("-{}", number);
  return reach::StorageAgent::start(engine, clock, std::move(identity),
                                    {info->root + "/volumes", folder_of_pools()}, stop);
}

Result<std::shared_ptr<clone::Storage>> StorageAgents::on(Machine machine, std::stop_token stop) {
  if (machine == nullptr)  // owned by nobody
    return std::shared_ptr<clone::Storage>(std::shared_ptr<void>(), &clone::this_machine());
  const Turn::Held turn = turn_.take(world_.clock, stop);
  if (!turn)
    return Failure{.message = "stopped while waiting for a storage agent",
                   .is = FailureClass::cancelled,
                   .nothing_done = true};
  std::shared_ptr<reach::StorageAgent> agent;
  std::size_t number = 1;
  {
    const std::lock_guard lock(mutex_);
    agent = agents_[machine];
    number = agents_.size();
  }
  if (agent != nullptr && !agent->broken()) return std::static_pointer_cast<clone::Storage>(agent);
  if (agent != nullptr)
    if (Result<Done> gone = agent->remove(stop); !gone) return gone.failure();
  Result<std::shared_ptr<reach::StorageAgent>> made = start_storage_agent(
      *machine, world_.clock, world_.place.project, world_.place.run, number, std::move(stop));
  const std::lock_guard lock(mutex_);
  agents_[machine] = made ? *made : nullptr;
  if (!made) return std::move(made.failure());
  return std::static_pointer_cast<clone::Storage>(*made);
}

Result<bool> StorageAgents::shares_folders(docker::Engine& engine, std::stop_token stop) {
  const Turn::Held turn = turn_.take(world_.clock, stop);
  if (!turn)
    return Failure{.message = "stopped while waiting for an engine",
                   .is = FailureClass::cancelled,
                   .nothing_done = true};
  if (const auto known = shares_folders_.find(&engine); known != shares_folders_.end()) return known->second;
  docker::VolumeSpec spec;
  spec.identity.project = world_.place.project;
  spec.identity.run = world_.place.run;
  spec.identity.node = "(probe)";
  spec.identity.attempt = "1";
  spec.identity.name = fmt::format("cairn-probe-{}-{}-{}", world_.place.project,
                                   short_run_id(world_.place.run), shares_folders_.size());
  const Result<docker::CreatedVolume> made = docker::create_volume(engine, spec, stop);
  if (!made) return made.failure();
  const bool shared = !made->facts.mountpoint.empty() && access(made->facts.mountpoint.c_str(), F_OK) == 0;
  if (Result<> gone = docker::remove_volume(engine, spec.identity.name, {}); !gone) return gone.failure();
  shares_folders_[&engine] = shared;
  return shared;
}

bool StorageAgents::sees(Machine machine, const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = agents_.find(machine);
  if (found == agents_.end() || found->second == nullptr) return false;
  const reach::StoragePlaces& places = found->second->places();
  return lies_below(places.volumes, path) || lies_below(places.pools, path);
}

std::vector<Failure> StorageAgents::remove() {
  std::map<Machine, std::shared_ptr<reach::StorageAgent>> agents;
  {
    const std::lock_guard lock(mutex_);
    agents.swap(agents_);
  }
  std::vector<Failure> left;
  for (const auto& [machine, agent] : agents)
    if (agent != nullptr)
      if (Result<Done> gone = agent->remove({}); !gone) left.push_back(gone.failure());
  return left;
}

Result<Done> record_engine_pool(const std::string& run_folder, const EnginePool& pool) {
  const std::vector<EnginePool> known = recorded_engine_pools(run_folder);
  if (std::find(known.begin(), known.end(), pool) != known.end()) return Done{};
  return record_line(run_folder + file_name, pool.engine + "\t" + pool.where);
}

std::vector<EnginePool> recorded_engine_pools(const std::string& run_folder) {
  std::vector<EnginePool> pools;
  std::ifstream file(run_folder + file_name, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    EnginePool pool{line.substr(0, tab), line.substr(tab + 1)};
    if (std::find(pools.begin(), pools.end(), pool) == pools.end()) pools.push_back(std::move(pool));
  }
  return pools;
}

void forget_engine_pools(const std::string& run_folder) {
  std::error_code error;
  std::filesystem::remove(run_folder + file_name, error);
}

}  // namespace cairn::kinds
