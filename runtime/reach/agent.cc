#include "runtime/reach/agent.h"

#include <fmt/format.h>

#include "runtime/agent/program.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/images.h"
#include "runtime/platform/docker/networks.h"

namespace cairn::reach {
namespace {

constexpr std::int64_t most_memory = 64 << 20;
constexpr std::int64_t most_processes = 8;

// Where the program runs, in the words of images: it was built for this machine.
std::string our_platform() {
#if defined(__x86_64__)
  return "linux/amd64";
#elif defined(__aarch64__)
  return "linux/arm64";
#elif defined(__riscv)
  return "linux/riscv64";
#else
  return "linux";
#endif
}

docker::ContainerSpec spec_of(const AgentPlace& place, const std::string& image, const std::string& network) {
  docker::ContainerSpec spec;
  spec.identity = place.identity;
  spec.image = image;
  spec.entrypoint = {{"/cairn-agent"}};
  spec.user = "65534:65534";
  spec.cap_drop = {"ALL"};
  spec.security_opt = {"no-new-privileges"};
  spec.read_only = true;
  spec.init = false;
  spec.stdin_open = spec.stdin_once = spec.auto_remove = true;
  spec.memory = most_memory;
  spec.pids_limit = most_processes;
  // What it says are the frames: nobody is to keep them.
  spec.logging = docker::Logging{"none", {}};
  docker::NetworkUse use;
  use.network = network;
  spec.networks = {use};
  return spec;
}

Failure explained(Failure failure, const docker::Engine& engine) {
  failure.is = failure.is == FailureClass::step ? FailureClass::endpoint : failure.is;
  return std::move(failure).within(fmt::format(
      "no agent on the engine at {}, whose networks are not on this machine", engine.endpoint().shown));
}

}  // namespace

Result<std::shared_ptr<Agent>> Agent::start(docker::Engine& engine, AgentPlace place,
                                            const std::string& network, const Attempt& attempt) {
  std::shared_ptr<Agent> agent(new Agent(engine, std::move(place)));
  Result<Done> up = agent->come_up(network, attempt);
  if (up) return agent;
  (void)agent->remove({});
  return explained(std::move(up.failure()), engine);
}

Result<Done> Agent::come_up(const std::string& network, const Attempt& attempt) {
  // One that an earlier life of this run has left would stay behind without a name.
  if (Result<> gone = docker::remove_image(engine_, place_.identity.name + ":latest", true, attempt.stop);
      !gone)
    return std::move(gone.failure());
  std::vector<std::string> changes;
  for (const auto& [name, value] : docker::labels_of(place_.identity))
    changes.push_back(docker::label_change(name, value));
  docker::TarEntry program{
      .path = "cairn-agent", .content = Text(std::string(agent::program())), .mode = 0555};
  const Result<std::string> image = docker::import_files(engine_, "the agent", {std::move(program)},
                                                         place_.identity.name, changes, attempt.stop);
  if (!image) return image.failure();
  image_ = place_.identity.name + ":latest";

  Result<docker::CreatedContainer> made =
      docker::create_container(engine_, spec_of(place_, image_, network), attempt.stop);
  if (!made) return std::move(made.failure());
  container_ = made->id;
  networks_ = {network};
  // Attached before the start: nothing it says is lost.
  const docker::Call attach{.method = "POST",
                            .path = fmt::format("/containers/{}/attach", container_),
                            .query = {{"stream", "1"}, {"stdin", "1"}, {"stdout", "1"}, {"stderr", "1"}}};
  Result<http::Upgraded> attached = engine_.upgrade(attach, attempt.stop);
  if (!attached) return std::move(attached.failure());
  if (attached->connection == nullptr)
    return docker::refusal("could not attach to the agent", attached->answer);
  relay_ = std::make_shared<Relay>(std::move(attached->connection), place_.folder);
  if (Result<> started = docker::start_container(engine_, container_, attempt.stop); !started) {
    Failure& failure = started.failure();
    if (const auto there = docker::inspect_image(engine_, image_, attempt.stop); there && *there)
      if ((*there)->platform != our_platform())
        failure.help = fmt::format("the engine runs {} programs, this cairn brings one of {}",
                                   (*there)->platform, our_platform());
    return std::move(failure);
  }
  return relay_->wait_for_agent(attempt);
}

Result<Done> Agent::join(const std::string& network, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (networks_.contains(network)) return Done{};
  docker::NetworkUse use;
  use.network = network;
  if (Result<> joined = docker::connect_network(engine_, use, container_, stop); !joined)
    return std::move(joined.failure());
  networks_.insert(network);
  return Done{};
}

Result<Done> Agent::leave(const std::string& network, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (networks_.erase(network) == 0) return Done{};
  return docker::disconnect_network(engine_, network, container_, stop);
}

Result<Done> Agent::remove(std::stop_token stop) {
  relay_.reset();
  Result<Done> gone = Done{};
  if (!container_.empty()) gone = docker::remove_container(engine_, container_, stop);
  // By its name, which nobody else has; forced, since it may be that an engine keeps its container for a
  // moment.
  if (gone && !image_.empty()) gone = docker::remove_image(engine_, image_, true, stop);
  return gone;
}

}  // namespace cairn::reach
