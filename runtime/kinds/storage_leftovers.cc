#include "runtime/kinds/storage_leftovers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "runtime/clone/pool.h"
#include "runtime/clone/storage.h"
#include "runtime/effects/locks.h"
#include "runtime/kinds/arrays.h"
#include "runtime/kinds/arrays_used.h"
#include "runtime/kinds/pools.h"
#include "runtime/kinds/storage_agents.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t run_characters = 6;
constexpr std::string_view up_on_array = "up", up_in_pool = "up----";

std::string in_one_line(const Failure& failure) {
  std::string text = failure.message;
  for (const std::string& cause : failure.causes) text += ": " + cause;
  return text;
}

// The run in "cairn-shop-1a2b3c-x1y2z3-data", after the project: its six characters, or "up".
std::optional<std::string> run_in(std::string_view name, const std::string& of_up_stem) {
  const std::string project = of_up_stem.substr(0, of_up_stem.size() - up_on_array.size() - 1);
  if (!name.starts_with(project)) return std::nullopt;
  const std::string_view rest = name.substr(project.size());
  const std::size_t end = rest.find('-');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view run = rest.substr(0, end);
  if (run == up_on_array) return std::string();
  if (run.size() != run_characters) return std::nullopt;
  return std::string(run);
}

std::string said_of_eradication(const Result<array::Eradication>& gone) {
  return gone && *gone == array::Eradication::left_destroyed
             ? "it is destroyed; SafeMode eradicates it when its time is over"
             : std::string();
}

class ArrayLook {
 public:
  ArrayLook(http::HttpClient& http, Clock& clock, ArrayPlace place, const std::string& token)
      : place_(std::move(place)),
        client_(std::make_shared<array::FlashArray>(http, clock, system_chance, access_of(place_, token))) {}

  Result<Done> look(const std::string& project, StorageLook& found, std::stop_token stop) {
    const std::string stem = array_stem(place_.prefix, project, {});
    const std::string any = stem.substr(0, stem.size() - up_on_array.size() - 1) + "*";
    const auto volumes = client_->volumes({.names = {place_.prefix + any}, .destroyed_too = true}, stop);
    if (!volumes) return volumes.failure();
    for (const array::Volume& volume : *volumes)
      if (const auto run = run_in(std::string_view(volume.name).substr(place_.prefix.size()), stem))
        add_volume(volume, *run, found);
    const std::string snapshot_stem = array_stem({}, project, {});
    const std::string any_snapshot =
        "*." + snapshot_stem.substr(0, snapshot_stem.size() - up_on_array.size() - 1) + "*";
    const auto snapshots = client_->snapshots({.names = {any_snapshot}, .destroyed_too = true}, stop);
    if (!snapshots) return snapshots.failure();
    for (const array::Snapshot& snapshot : *snapshots) {
      const std::string suffix = snapshot.name.substr(snapshot.name.rfind('.') + 1);
      if (const auto run = run_in(suffix, snapshot_stem)) add_snapshot(snapshot.name, *run, found);
    }
    return Done{};
  }
  Result<Done> look_for(const std::string& name, const std::string& run, StorageLook& found,
                        std::stop_token stop) {
    if (name.find('.') != std::string::npos) {
      const auto snapshot = client_->find_snapshot(name, stop);
      if (!snapshot) return snapshot.failure();
      if (*snapshot) add_snapshot(name, run, found);
      return Done{};
    }
    const auto volume = client_->find(name, stop);
    if (!volume) return volume.failure();
    // A live one belongs to whom the engine's labels say: it goes with them, and is destroyed then.
    if (*volume && (*volume)->destroyed) add_volume(**volume, run, found);
    return Done{};
  }

 private:
  void add_volume(const array::Volume& volume, const std::string& run, StorageLook& found) {
    const auto client = client_;
    found.left.push_back({"array volume", volume.name, client_->name(), run,
                          [client, name = volume.name]() -> Result<std::string> {
                            if (Result<> gone = client->destroy(name, {}); !gone) return gone.failure();
                            const Result<array::Eradication> gone = client->eradicate(name, {});
                            if (!gone) return gone.failure();
                            return said_of_eradication(gone);
                          }});
  }
  void add_snapshot(const std::string& name, const std::string& run, StorageLook& found) {
    const auto client = client_;
    found.left.push_back(
        {"array snapshot", name, client_->name(), run, [client, name]() -> Result<std::string> {
           if (Result<> gone = client->destroy_snapshot(name, {}); !gone) return gone.failure();
           const Result<array::Eradication> gone = client->eradicate_snapshot(name, {});
           if (!gone) return gone.failure();
           return said_of_eradication(gone);
         }});
  }

  const ArrayPlace place_;
  const std::shared_ptr<array::FlashArray> client_;
};

// Names that the files of runs chose. One that several runs had is the last one's.
std::map<std::string, std::string> chosen_names(const StorageQuestion& question, const std::string& block) {
  std::map<std::string, std::string> run_of;
  for (const std::string& folder : question.run_folders)
    for (const ArrayObject& object : recorded_array_objects(folder))
      if (object.block == block)
        run_of[object.name] = std::string(short_run_id(fs::path(folder).filename().string()));
  return run_of;
}

void look_at_arrays(http::HttpClient& http, Clock& clock, const StorageQuestion& question, StorageLook& found,
                    std::stop_token stop) {
  std::vector<ArrayPlace> places;
  for (const std::string& folder : question.run_folders)
    for (ArrayPlace& place : recorded_arrays(folder))
      if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(std::move(place));
  for (const ArrayPlace& place : places) {
    const std::string name = fmt::format("the array `{}` at {}", place.block, place.address);
    const std::optional<std::string> token =
        place.token_place.empty() ? std::nullopt : question.secret(place.token_place);
    if (!token) {
      found.unreachable.push_back(
          fmt::format("{}: its token is not there{}", name,
                      place.token_place.empty() ? std::string() : fmt::format(" ({})", place.token_place)));
      continue;
    }
    ArrayLook look(http, clock, place, *token);
    Result<Done> looked = look.look(question.project, found, stop);
    for (const auto& [object, run] : chosen_names(question, place.block))
      if (looked) looked = look.look_for(object, run, found, stop);
    if (!looked) found.unreachable.push_back(fmt::format("{}: {}", name, in_one_line(looked.failure())));
  }
}

void look_at_pools(const StorageQuestion& question, StorageLook& found) {
  std::set<std::string> pools;
  for (const std::string& folder : question.run_folders)
    for (const std::string& pool : recorded_pools(folder)) pools.insert(pool);
  for (const std::string& where : pools) {
    clone::Pool pool;
    pool.where = where;
    for (const clone::PoolClone& one : clone::clones_in(pool)) {
      if (one.project != question.project) continue;
      found.left.push_back({"pool folder", one.path, where, one.run == up_in_pool ? std::string() : one.run,
                            [pool, path = one.path]() -> Result<std::string> {
                              if (Result<> gone = clone::this_machine().remove_clone(pool, path, {}); !gone)
                                return gone.failure();
                              return std::string();
                            }});
    }
  }
}

// What a run has put into a pool on an engine's machine, through an agent that is started for it.
void look_at_engine_pool(Clock& clock, const StorageQuestion& question, const std::string& run_folder,
                         const EnginePool& there, StorageLook& found, std::stop_token stop) {
  const std::string id = fs::path(run_folder).filename().string();
  const std::string where = fmt::format("the machine of {}", there.engine);
  if (!question.engine) {
    found.left.push_back(
        {"pool folders", there.where, where, std::string(short_run_id(id)), [] { return std::string(); }});
    return;
  }
  docker::Engine* engine = question.engine(there.engine);
  if (engine == nullptr) {
    found.unreachable.push_back(
        fmt::format("the pool {} on {}: the engine cannot be asked", there.where, where));
    return;
  }
  const Result<std::shared_ptr<reach::StorageAgent>> agent =
      start_storage_agent(*engine, clock, question.project, id, 1, stop);
  if (!agent) {
    found.unreachable.push_back(
        fmt::format("the pool {} on {}: {}", there.where, where, in_one_line(agent.failure())));
    return;
  }
  // Ends with the last who knows of it.
  const std::shared_ptr<reach::StorageAgent> ours(
      agent->get(), [kept = *agent](reach::StorageAgent* one) { (void)one->remove({}); });
  found.agents.push_back(ours);
  clone::Pool pool;
  pool.where = there.where;
  const auto clones = ours->clones(pool, stop);
  if (!clones) {
    found.unreachable.push_back(
        fmt::format("the pool {} on {}: {}", there.where, where, in_one_line(clones.failure())));
    return;
  }
  for (const clone::PoolClone& one : *clones) {
    const bool up = one.run == up_in_pool;
    if (one.project != question.project || (!up && one.run != short_run_id(id))) continue;
    found.left.push_back({"pool folder", one.path, where, up ? std::string() : one.run,
                          [ours, pool, path = one.path]() -> Result<std::string> {
                            if (Result<> gone = ours->remove_clone(pool, path, {}); !gone)
                              return gone.failure();
                            return std::string();
                          }});
  }
}

}  // namespace

StorageLook look_at_storage(http::HttpClient& http, Clock& clock, const StorageQuestion& question,
                            std::stop_token stop) {
  StorageLook found;
  look_at_arrays(http, clock, question, found, stop);
  look_at_pools(question, found);
  for (const std::string& folder : question.ended_run_folders)
    for (const EnginePool& pool : recorded_engine_pools(folder))
      look_at_engine_pool(clock, question, folder, pool, found, stop);
  return found;
}

}  // namespace cairn::kinds
