// What a machine needs for cairn, looked at one by one: `doctor`.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/brief_keeper.h"
#include "cli/past_runs.h"
#include "cli/project.h"
#include "cli/version.h"
#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"
#include "runtime/keeper/keeper_spawner.h"
#include "runtime/platform/docker/buildx.h"
#include "runtime/platform/docker/endpoint.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/info.h"
#include "runtime/progress/columns.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

// Less free space than this is worth a word: an image of a database is half of it.
constexpr std::uintmax_t little_space = 2ull << 30;

struct Finding {
  enum class Is { good, warning, bad };
  std::string what;
  Is is = Is::good;
  std::string says, help;
};

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::optional<std::string>() : std::string(value);
}

std::optional<std::string> file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Whoever has only host processes needs no engine: that there is none is a warning.
Finding engine() {
  Result<docker::Endpoint> endpoint = docker::resolve_endpoint({{}, {}, {}, environment, file_text});
  if (!endpoint) return {"engine", Finding::Is::bad, endpoint.failure().message, endpoint.failure().help};
  const std::string socket = endpoint->unix_socket;
  BriefKeeper keeper;
  if (!endpoint->ssh.empty()) {
    const std::string shown = endpoint->shown;
    endpoint = keeper.tunnels().through(std::move(*endpoint), {});
    if (!endpoint)
      return {"engine", Finding::Is::bad,
              fmt::format("{}: {}", shown, fmt::join(endpoint.failure().causes, ": ")),
              endpoint.failure().help};
  }
  if (!socket.empty() && access(socket.c_str(), F_OK) != 0)
    return {"engine", Finding::Is::warning, fmt::format("there is no {}", endpoint->shown),
            "start Docker, or set DOCKER_HOST; files with `in = \"host\"` only need none"};
  if (!socket.empty() && access(socket.c_str(), R_OK | W_OK) != 0)
    return {"engine", Finding::Is::bad, fmt::format("you may not use {}", endpoint->shown),
            "`sudo usermod -aG docker $USER`, then log in again; whoever may use it is root on this machine"};
  http::Reactor http;
  http::ReadOnlyClient reading(http);
  docker::Engine engine(reading, real_clock(), *endpoint, environment("DOCKER_API_VERSION").value_or(""));
  const Result<docker::ApiVersion> version = engine.version({});
  if (!version)
    return {"engine", Finding::Is::bad, fmt::format("{}: {}", endpoint->shown, version.failure().message),
            version.failure().help};
  if (*version < docker::oldest_api)
    return {"engine", Finding::Is::bad, fmt::format("{} speaks API {}", endpoint->shown, version->text()),
            fmt::format("cairn needs {} (Docker 20.10) or later", docker::oldest_api.text())};
  const Result<docker::EngineInfo> info = docker::read_info(engine, {});
  if (!info)
    return {"engine", Finding::Is::bad, fmt::format("{}: {}", endpoint->shown, info.failure().message),
            info.failure().help};
  return {"engine",
          Finding::Is::good,
          fmt::format("{}, Docker {}, API {}, {} ({}), {} CPUs, {}", endpoint->shown, info->version,
                      version->text(), info->storage_driver, info->architecture, info->cpus,
                      progress::shown_bytes(static_cast<std::uint64_t>(info->memory))),
          {}};
}

// The docker client and its plugin, which builds with secrets or ssh need. Whoever has none of those needs
// neither.
Finding buildx() {
  constexpr const char* what_for = "images with `secrets`, `ssh`, `cache_to` or several `platforms` need it";
  BriefKeeper keeper;
  Result<keeper::Spawner*> spawner = keeper.spawner();
  if (!spawner) return {"buildx", Finding::Is::warning, spawner.failure().message, spawner.failure().help};
  keeper::SpawnSpec spec;
  spec.step = "docker";
  spec.command = {"docker", "buildx", "version"};
  for (const char* name : {"PATH", "HOME", "DOCKER_CONFIG"})
    if (const std::optional<std::string> value = environment(name))
      spec.environment.push_back({name, Text(*value)});
  spec.working_dir = "/";
  spec.tail_bytes = 4000;
  const Result<keeper::Process> process = (*spawner)->spawn(spec);
  if (!process)
    return {"buildx", Finding::Is::warning, "there is no docker client in PATH",
            fmt::format("`docker.io` or `docker-ce-cli`; {}", what_for)};
  const Result<keeper::Exit> ended =
      (*spawner)->wait(*process, {}, real_clock().now() + std::chrono::seconds(10));
  if (ended && ended->well())
    return {"buildx", Finding::Is::good, ended->tail.substr(0, ended->tail.find('\n')), {}};
  const Failure why = ended ? docker::buildx_builder(ended->tail, false).failure() : ended.failure();
  return {"buildx", Finding::Is::warning, fmt::format("{}", fmt::join(why.causes, ": ")),
          fmt::format("{}; {}", why.help, what_for)};
}

// One that starts nothing, in a folder that goes again.
Finding keeper() {
  std::string folder = (fs::temp_directory_path() / "cairn-doctor-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    return {"keeper", Finding::Is::bad,
            fmt::format("no folder can be made in {}: {}", fs::temp_directory_path().string(),
                        std::strerror(errno)),
            "set TMPDIR"};
  keeper::KeeperSetup setup;
  setup.project = "doctor";
  setup.run = "doctor";
  setup.folder = folder;
  setup.limits = keeper::original_limits();
  Finding finding{"keeper", Finding::Is::good, "processes of this machine can be started and ended", {}};
  Result<std::unique_ptr<keeper::KeeperSpawner>> spawner = keeper::KeeperSpawner::start(setup);
  if (!spawner)
    finding = {"keeper", Finding::Is::bad, spawner.failure().message, spawner.failure().help};
  else if (const Result<Done> ended = (*spawner)->end(); !ended)
    finding = {"keeper", Finding::Is::bad, ended.failure().message, ended.failure().help};
  std::error_code error;
  fs::remove_all(folder, error);
  return finding;
}

Finding project(const std::string& folder) {
  const std::string cairn_folder = folder + "/.cairn";
  struct stat is {};
  if (lstat(cairn_folder.c_str(), &is) != 0) {
    if (access(folder.c_str(), W_OK) == 0)
      return {"project", Finding::Is::good, fmt::format("`{}`, nothing was run here yet", folder), {}};
    return {"project", Finding::Is::bad,
            fmt::format("`{}` cannot be made: {}", cairn_folder, std::strerror(errno)),
            "work in a folder that you may write to"};
  }
  const Result<std::string> trusted = project_folder(folder);
  if (trusted)
    return {"project",
            Finding::Is::good,
            fmt::format("`{}`, known to engines as {}", folder, project_name(folder)),
            {}};
  return {"project", Finding::Is::bad,
          fmt::format("{}: {}", trusted.failure().message, fmt::join(trusted.failure().causes, ": ")),
          trusted.failure().help};
}

Finding space(const std::string& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) return {"disk", Finding::Is::bad, fmt::format("`{}`: {}", folder, error.message()), {}};
  const std::string says = fmt::format("{} free for `{}`", progress::shown_bytes(space.available), folder);
  return space.available < little_space
             ? Finding{"disk", Finding::Is::warning, says, "`cairn clean --all` removes what runs have left"}
             : Finding{"disk", Finding::Is::good, says, {}};
}

void doctor(bool as_json, Invocation& invocation) {
  std::error_code error;
  fs::path folder =
      fs::weakly_canonical(fs::absolute(invocation.file.empty() ? "." : invocation.file), error);
  if (!fs::is_directory(folder, error)) folder = folder.parent_path();
  const std::vector<Finding> findings = {keeper(), buildx(), project(folder.string()), space(folder.string()),
                                         engine()};  // keepers before any thread
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    const char* word = finding.is == Finding::Is::good      ? "ok"
                       : finding.is == Finding::Is::warning ? "warning"
                                                            : "bad";
    if (finding.is == Finding::Is::bad)
      invocation.exit_code = finding.what == "engine" ? endpoint_failed : step_failed;
    if (as_json) {
      all.push_back({{"what", finding.what}, {"is", word}, {"says", finding.says}, {"help", finding.help}});
      continue;
    }
    fmt::print("{:<8} {:<8} {}\n", word, finding.what, finding.says);
    if (!finding.help.empty()) fmt::print("{:<17} {}\n", "", finding.help);
  }
  if (as_json)
    fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  else
    fmt::print("cairn {}\n", version_text());
}

}  // namespace

void add_doctor(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("doctor", "whether this machine has what cairn needs");
  const auto as_json = std::make_shared<bool>(false);
  add_project_option(*command, invocation);
  command->add_flag("--json", *as_json, "as JSON");
  command->callback([as_json, &invocation] { doctor(*as_json, invocation); });
}

}  // namespace cairn::cli
