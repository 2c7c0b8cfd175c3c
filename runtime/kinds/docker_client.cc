#include "runtime/kinds/docker_client.h"

#include <limits>

#include "runtime/keeper/log_reader.h"
#include "runtime/platform/docker/buildx.h"

extern char** environ;

namespace cairn::kinds {
namespace {

constexpr std::size_t kept_words = 16 << 10;
constexpr std::chrono::seconds to_give_up(2);   // a build that is cancelled: its builder is told
constexpr std::chrono::seconds to_be_gone(10);  // what is killed

docker::Variables our_environment() {
  docker::Variables all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view entry(*one);
    const std::size_t equals = entry.find('=');
    if (equals != entry.npos && !entry.starts_with("CAIRN_"))
      all.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return all;
}

keeper::SpawnSpec spawning_of(const ClientCall& call) {
  keeper::SpawnSpec spec;
  spec.step = call.step;
  spec.command = docker::docker_client(call.endpoint);
  spec.command.insert(spec.command.end(), call.arguments.begin(), call.arguments.end());
  for (auto& [name, value] : docker::client_environment(call.endpoint, our_environment()))
    spec.environment.push_back({name, Text(value)});
  for (const auto& [name, value] : call.variables) {
    spec.environment.push_back({name, value});
    if (value.secret()) spec.masked.push_back(value);
  }
  spec.masked.insert(spec.masked.end(), call.masked.begin(), call.masked.end());
  spec.working_dir = call.working_dir;
  spec.log_file = call.log_file;
  spec.tail_bytes = kept_words;
  spec.grace = to_give_up;
  return spec;
}

}  // namespace

Result<keeper::Exit> call_docker_client(World& world, const ClientCall& call,
                                        const std::function<void(const std::string&)>& on_line,
                                        const std::function<void()>& paused, execute::StepContext& context) {
  Result<keeper::Process> process = world.spawner.spawn(spawning_of(call));
  if (!process) {
    Failure& failure = process.failure();
    if (!failure.causes.empty() && failure.causes.front().starts_with("no program"))
      failure.help =
          "install Docker's client: `docker-ce-cli` (Docker's packages) or `docker.io` (Debian, Ubuntu)";
    return std::move(failure);
  }
  keeper::LogReader log(call.log_file, 0);
  std::string unfinished;
  const auto read_to = [&](std::uint64_t until) {
    (void)log.read_to(until, [&](const keeper::LogLineView& line) {
      if (line.from == keeper::Stream::tool) return;
      unfinished += line.text;
      if (!line.goes_on) on_line(std::exchange(unfinished, {}));
    });
    paused();
  };
  for (std::uint64_t known = 0;;) {
    const Result<keeper::Spawner::LogEnd> end = world.spawner.wait_for_log(*process, known, context.stop());
    read_to(end ? end->bytes : std::numeric_limits<std::uint64_t>::max());
    if (!end || end->complete) break;
    known = end->bytes;
  }
  Result<keeper::Exit> ended = world.spawner.wait(*process, context.stop());
  if (ended) return ended;
  (void)world.spawner.signal(*process, SIGTERM);
  if (!world.spawner.wait(*process, context.hurry(), world.clock.now() + to_give_up).ok()) {
    (void)world.spawner.kill_tree(*process);
    (void)world.spawner.wait(*process, {}, world.clock.now() + to_be_gone);
  }
  return ended;
}

}  // namespace cairn::kinds
