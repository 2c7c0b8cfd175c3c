#include "runtime/reach/agent.h"

#include <fmt/format.h>

#include "runtime/agent/program.h"
#include "runtime/platform/docker/networks.h"

namespace cairn::reach {
namespace {

constexpr std::int64_t most_memory = 64 << 20;
constexpr std::int64_t most_processes = 8;

docker::ContainerSpec spec_on(const std::string& network) {
  docker::ContainerSpec spec;
  spec.user = "65534:65534";
  spec.memory = most_memory;
  spec.pids_limit = most_processes;
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
  Result<std::unique_ptr<http::Duplex>> connection =
      container_.start(agent::program(), spec_on(network), attempt.stop);
  if (!connection) return std::move(connection.failure());
  networks_ = {network};
  relay_ = std::make_shared<Relay>(std::move(*connection), folder_);
  return relay_->wait_for_agent(attempt);
}

Result<Done> Agent::join(const std::string& network, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (networks_.contains(network)) return Done{};
  docker::NetworkUse use;
  use.network = network;
  if (Result<> joined = docker::connect_network(engine_, use, container_.id(), stop); !joined)
    return std::move(joined.failure());
  networks_.insert(network);
  return Done{};
}

Result<Done> Agent::leave(const std::string& network, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (networks_.erase(network) == 0) return Done{};
  return docker::disconnect_network(engine_, network, container_.id(), stop);
}

Result<Done> Agent::remove(std::stop_token stop) {
  relay_.reset();
  return container_.remove(stop);
}

}  // namespace cairn::reach
