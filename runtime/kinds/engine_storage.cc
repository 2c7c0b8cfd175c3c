#include "runtime/kinds/engine_storage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/platform/docker/containers.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

struct User {
  std::string container;
  bool writes = false;
};

// The running containers that have it mounted.
Result<std::vector<User>> users_of_volume(docker::Engine& engine, const std::string& volume,
                                          std::stop_token stop) {
  const auto containers = docker::list_containers(engine, {}, stop);
  if (!containers) return containers.failure();
  std::vector<User> users;
  for (const docker::ContainerSummary& one : *containers) {
    if (one.status != "running" && one.status != "paused" && one.status != "restarting") continue;
    for (const docker::MountFacts& mount : one.mounts)
      if (mount.volume == volume) users.push_back({one.name, !mount.read_only});
  }
  return users;
}

}  // namespace

Result<std::string> folder_of_volume(docker::Engine& engine, const std::string& volume,
                                     std::stop_token stop) {
  const auto facts = docker::inspect_volume(engine, volume, stop);
  if (!facts) return facts.failure();
  if (!*facts)
    return Failure{.message = fmt::format("there is no volume `{}`", volume), .causes = {}, .help = {}};
  std::string folder = (*facts)->mountpoint;
  if ((*facts)->driver == "local") {  // a bind is at its place only while a container mounts it
    const auto option = [&](const char* name) {
      const auto found = (*facts)->options.find(name);
      return found == (*facts)->options.end() ? std::string() : found->second;
    };
    if (option("type") == "none" && option("o").find("bind") != std::string::npos) folder = option("device");
  }
  const std::string failed =
      fmt::format("the content of the volume `{}` cannot be reached from here", volume);
  if ((*facts)->driver != "local" && folder.empty())
    return Failure{
        .message = failed,
        .causes = {fmt::format("the driver `{}` has it, and shows it to containers only", (*facts)->driver)},
        .help = "if an array holds it, say which: `on = NAME` of a `flasharray` block"};
  std::error_code error;
  if (folder.empty() || !fs::is_directory(folder, error) || access(folder.c_str(), R_OK | W_OK | X_OK) != 0)
    return Failure{
        .message = failed,
        .causes = {fmt::format("it lies at `{}` on the engine's machine", folder),
                   geteuid() == 0 ? "this machine has no such folder: the engine is elsewhere"
                                  : "only root may look there"},
        .help =
            "run cairn as root on the engine's machine, or clone a folder of the file: `from = \"./seed\"`"};
  return folder;
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
