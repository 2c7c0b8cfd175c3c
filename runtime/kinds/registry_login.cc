#include "runtime/kinds/registry_login.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "runtime/kinds/binding.h"
#include "runtime/kinds/settled.h"
#include "runtime/platform/docker/registry_auth.h"

namespace cairn::kinds {
namespace {

std::string docker_config() {
  const char* folder = std::getenv("DOCKER_CONFIG");
  const char* home = std::getenv("HOME");
  const std::string path = folder != nullptr
                               ? std::string(folder) + "/config.json"
                               : std::string(home == nullptr ? "" : home) + "/.docker/config.json";
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Credential helpers are programs: the keeper starts them, as it starts everything.
Result<Text> run_helper(World& world, const std::vector<std::string>& command, const std::string& input) {
  keeper::SpawnSpec spec;
  spec.step = "registry login";
  spec.command = command;
  for (const char* name : {"PATH", "HOME", "USER", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY"})
    if (const char* value = std::getenv(name); value != nullptr)
      spec.environment.push_back({name, Text(value)});
  spec.working_dir = world.place.project_folder;
  spec.input = Text(input);
  spec.tail_bytes = 64 * 1024;
  Result<keeper::Process> process = world.spawner.spawn(spec);
  if (!process) return process.failure();
  const Result<keeper::Exit> ended =
      world.spawner.wait(*process, {}, world.clock.now() + std::chrono::seconds(30));
  if (!ended) return ended.failure();
  if (!ended->well())
    return Failure{
        .message = fmt::format("`{}` {}", command.front(), ended->says()),
        .causes = {ended->tail.substr(0, ended->tail.find('\n'))},  // how helpers say that they keep nothing
        .help = {}};
  return Text(ended->tail, true);
}

// The block that is named, or the one whose `host` it is.
std::optional<NodeId> declared_registry(const World& world, const Value& block, const std::string& registry) {
  if (const NodeRef* named = block.as<NodeRef>()) return named->node;
  for (std::size_t n = 0; n < world.graph.nodes.size(); ++n) {
    const std::string* host = world.graph.nodes[n].value("host").as<std::string>();
    if (world.graph.nodes[n].kind == "registry" && host != nullptr && *host == registry)
      return NodeId{static_cast<std::uint32_t>(n)};
  }
  return std::nullopt;
}

}  // namespace

Result<Text> registry_login(World& world, const Value& block, const std::string& registry,
                            const execute::StepContext& context) {
  if (const std::optional<NodeId> declared = declared_registry(world, block, registry)) {
    // Now, since a secret is read when it is used.
    LateAnswers answers(world, context);
    const Settled all = settle(world.compiled, *declared, answers);
    if (!all.mistakes.empty()) return failure_of(world, all.mistakes.front());
    const Value& user = all.value("user");
    const Value& password = all.value("password");
    if (!user.null() && !password.null())
      return docker::auth_header({plain_text(user), As<Text>::take(password), {}, registry});
  }
  const docker::CredentialSearch search{
      docker_config(), [&](const std::vector<std::string>& command, const std::string& input) {
        return run_helper(world, command, input);
      }};
  const Result<std::optional<docker::Credentials>> found = docker::find_credentials(registry, search);
  if (!found) return found.failure();
  return *found ? docker::auth_header(**found) : Text();
}

}  // namespace cairn::kinds
