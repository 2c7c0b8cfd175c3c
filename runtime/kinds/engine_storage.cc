#include "runtime/kinds/engine_storage.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>

#include "runtime/kinds/pools.h"
#include "runtime/platform/docker/containers.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

struct User {
  std::string container;
  bool writes = false;
};

// The running containers that have it mounted. An engine's list is a copy that it renews after it has told of
// a container's end (moby, daemon/monitor.go, handleContainerExit); the container itself says how it is by
// then.
Result<std::vector<User>> users_of_volume(docker::Engine& engine, const std::string& volume,
                                          std::stop_token stop) {
  const auto containers = docker::list_containers(engine, {}, stop);
  if (!containers) return containers.failure();
  std::vector<User> users;
  for (const docker::ContainerSummary& one : *containers) {
    if (one.status != "running" && one.status != "paused" && one.status != "restarting") continue;
    const auto has_it = [&](const docker::MountFacts& mount) { return mount.volume == volume; };
    if (std::none_of(one.mounts.begin(), one.mounts.end(), has_it)) continue;
    const auto now = docker::inspect_container(engine, one.id, stop);
    if (!now) return now.failure();
    if (!*now || !(*now)->running) continue;
    for (const docker::MountFacts& mount : (*now)->mounts)
      if (has_it(mount)) users.push_back({one.name, !mount.read_only});
  }
  return users;
}

std::string option_of(const docker::VolumeFacts& facts, const char* name) {
  const auto found = facts.options.find(name);
  return found == facts.options.end() ? std::string() : found->second;
}

// RFC 3339, whole seconds. Nothing: it is no time.
std::optional<std::time_t> seconds_of(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') do
      ++rest;
    while (*rest >= '0' && *rest <= '9');
  std::time_t seconds = timegm(&parts);
  int hours = 0, minutes = 0;
  char sign = 0;
  if (std::sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) == 3 && (sign == '+' || sign == '-'))
    seconds -= (sign == '+' ? 1 : -1) * (hours * 3600 + minutes * 60);
  return seconds;
}

// The folder that the engine's driver `local` mounts for a volume; empty: it mounts none.
std::string bound_folder(const docker::VolumeFacts& facts) {
  const bool bound = facts.driver == "local" && option_of(facts, "type") == "none" &&
                     option_of(facts, "o").find("bind") != std::string::npos;
  return bound ? option_of(facts, "device") : std::string();
}

enum class Seen { here, hidden, elsewhere };  // hidden: only root may look

Seen seen_from_here(const docker::VolumeFacts& facts) {
  if (facts.mountpoint.empty()) return Seen::elsewhere;
  if (facts.driver != "local") return Seen::here;  // what a driver tells of times is its affair
  const std::optional<std::time_t> changed = seconds_of(facts.created);
  for (const fs::path& path : {fs::path(facts.mountpoint), fs::path(facts.mountpoint).parent_path()}) {
    struct stat there {};
    if (stat(path.c_str(), &there) != 0) return errno == EACCES ? Seen::hidden : Seen::elsewhere;
    if (changed && there.st_ctim.tv_sec == *changed) return Seen::here;
  }
  // While a container has it, the engine sees that folder in the place of its own.
  struct stat bound {};
  if (const std::string folder = bound_folder(facts);
      changed && !folder.empty() && stat(folder.c_str(), &bound) == 0 && bound.st_ctim.tv_sec == *changed)
    return Seen::here;
  return Seen::elsewhere;
}

}  // namespace

bool lies_elsewhere(const docker::VolumeFacts& facts) {
  return seen_from_here(facts) == Seen::elsewhere;
}

Result<VolumePlace> place_of_volume(World& world, docker::Engine& engine, const std::string& volume,
                                    std::stop_token stop) {
  const auto found = docker::inspect_volume(engine, volume, stop);
  if (!found) return found.failure();
  if (!*found)
    return Failure{.message = fmt::format("there is no volume `{}`", volume), .causes = {}, .help = {}};
  const docker::VolumeFacts& facts = **found;
  const std::string failed =
      fmt::format("the content of the volume `{}` cannot be reached from here", volume);
  std::string folder = facts.mountpoint;
  if (facts.driver != "local" && folder.empty())
    return Failure{
        .message = failed,
        .causes = {fmt::format("the driver `{}` has it, and shows it to containers only", facts.driver)},
        .help = "if an array holds it, say which: `on = NAME` of a `flasharray` block"};
  if (facts.driver == "local") {  // a bind is at its place only while a container mounts it
    const std::string type = option_of(facts, "type");
    if (const std::string bound = bound_folder(facts); !bound.empty())
      folder = bound;
    else if (!type.empty())
      return Failure{.message = failed,
                     .causes = {fmt::format("it is mounted by the engine (type {}) while a container uses "
                                            "it, and is an empty folder otherwise",
                                            type)},
                     .help = "copy it in a container: a `run` that mounts both volumes"};
  }
  std::error_code error;
  bool here = seen_from_here(facts) == Seen::here && fs::is_directory(folder, error) &&
              access(folder.c_str(), R_OK | W_OK | X_OK) == 0;
  if (here && facts.driver == "local" && world.storage_agents != nullptr) {
    const Result<bool> shared = world.storage_agents->shares_folders(engine, stop);
    if (!shared) return shared.failure();
    here = *shared;
  }
  if (here) {
    VolumePlace place{nullptr, folder, nullptr};
    place.storage = std::shared_ptr<clone::Storage>(std::shared_ptr<void>(), &clone::this_machine());
    return place;
  }
  if (world.storage_agents == nullptr || facts.driver != "local")
    return Failure{.message = failed,
                   .causes = {fmt::format("it lies at `{}` on the engine's machine", folder),
                              geteuid() == 0 ? "this machine has no such folder: the engine is elsewhere"
                                             : "only root may look there"},
                   .help =
                       "run cairn as root on the engine's machine, or clone a folder of the file: "
                       "`from = \"./seed\"`"};
  Result<std::shared_ptr<clone::Storage>> agent = world.storage_agents->on(&engine, stop);
  if (!agent) return std::move(agent.failure());
  if (!world.storage_agents->sees(&engine, folder))
    return Failure{.message = failed,
                   .causes = {fmt::format("it lies at `{}` on the engine's machine, and the agent there sees "
                                          "the engine's own volumes and the pools in {} only",
                                          folder, folder_of_pools())},
                   .help = "run cairn as root on the engine's machine"};
  return VolumePlace{&engine, folder, std::move(*agent)};
}

Result<CopySource> copy_source(const World& world, const Value& from, const execute::StepContext& context) {
  if (const Path* path = from.as<Path>())
    return CopySource{{},
                      path->text.starts_with('/')
                          ? path->text
                          : (fs::path(path->folder) / path->text).lexically_normal().string()};
  const NodeRef* node = from.as<NodeRef>();
  if (node == nullptr) return Failure{.message = "there is nothing to copy from", .causes = {}, .help = {}};
  const Value name = context.exported(node->node, "name");
  if (name.as<std::string>() == nullptr)
    return Failure{.message = fmt::format("`{}` was not made", world.graph.node(node->node).path),
                   .causes = {},
                   .help = {}};
  const std::string& text = *name.as<std::string>();
  return text.starts_with('/') ? CopySource{{}, text} : CopySource{text, {}};
}

Result<Done> refuse_writers(docker::Engine& engine, const std::string& volume, std::stop_token stop) {
  const Result<std::vector<User>> users = users_of_volume(engine, volume, stop);
  if (!users) return users.failure();
  for (const User& user : *users)
    if (user.writes)
      return Failure{
          .message = fmt::format("the volume `{}` is in use by the container `{}`", volume, user.container),
          .causes = {"what is copied while it is written is of no single moment"},
          .help = "let the clone wait for its end: `after = [db.stopped]`"};
  return Done{};
}

Result<Done> refuse_users(docker::Engine& engine, const std::string& volume, std::stop_token stop) {
  const Result<std::vector<User>> users = users_of_volume(engine, volume, stop);
  if (!users) return users.failure();
  if (users->empty()) return Done{};
  return Failure{.message = fmt::format("the volume `{}` is mounted by the container `{}`", volume,
                                        users->front().container),
                 .causes = {"overwritten now, it would change under a running container",
                            "only services of this run that mount it are stopped for it"},
                 .help = fmt::format("stop `{}` first", users->front().container),
                 .nothing_done = true};
}

}  // namespace cairn::kinds
