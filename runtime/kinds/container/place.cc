#include "runtime/kinds/container/place.h"

#include <fmt/format.h>

#include "runtime/reach/docker_target.h"
#include "runtime/reach/relay.h"

namespace cairn::kinds {
namespace {

constexpr std::chrono::seconds kLongestLook(20);

Result<int> relayed_port(Containers& containers, docker::Engine& engine, const std::string& id, int port) {
  const reach::Attempt attempt{engine.clock().now() + kLongestLook, {}};
  reach::DockerTarget target({{}, id, {}}, engine, containers.local_networks(),
                             [&](const std::string& network, const reach::Attempt& asked) {
                               return containers.agent_on(engine, network, asked);
                             });
  const Result<std::vector<reach::Endpoint>> endpoints = target.endpoints(port, attempt);
  if (!endpoints) return endpoints.failure();
  if (endpoints->empty() || endpoints->front().through == nullptr)
    return Failure{.message = "no agent leads there", .causes = {}, .help = {}};
  return endpoints->front().through->port_to(endpoints->front());
}

// Published ports are ports of the engine's machine, which is not this one. In a run the agent leads there;
// what `up` leaves has to be reached without cairn.
void place_elsewhere(Containers& containers, docker::Engine& engine, const std::string& id,
                     const docker::ContainerNetworking& facts, ServicePlace& place) {
  if (!containers.world().place.up) {
    // It may be asked for when whoever made the container, and so the facts, is gone.
    place.relayed = [&containers, &engine, id](std::int64_t port) {
      return relayed_port(containers, engine, id, static_cast<int>(port));
    };
    return;
  }
  // Over a unix socket without a tunnel: a virtual machine of this one, which passes its ports on.
  if (!engine.endpoint().elsewhere()) return;
  place.engine_host = engine.endpoint().host();
  std::vector<docker::BoundPort> inside;
  for (const docker::BoundPort& port : facts.ports)
    if (port.host_address.starts_with("127.") || port.host_address == "::1") inside.push_back(port);
  if (inside.empty()) return;
  place.relayed = [inside, machine = place.engine_host,
                   published = place.published](std::int64_t asked) -> Result<int> {
    for (const docker::BoundPort& port : inside)
      if (port.container_port == asked)
        return Failure{
            .message = fmt::format("it is published on {} of {} only", port.host_address, machine),
            .causes = {"an `up` leaves nothing here that could lead there"},
            .help = fmt::format("write `ports = [\"0.0.0.0:{}:{}\"]`, or use `cairn run`", asked, asked)};
    return static_cast<int>(published.at(asked));
  };
}

}  // namespace

ServicePlace place_of(Containers& containers, docker::Engine& engine, const std::string& id,
                      const docker::ContainerNetworking& facts, std::stop_token stop) {
  const World& world = containers.world();
  ServicePlace place;
  place.whole_machine = facts.network_mode == "host";
  bool local = false;
  for (const auto& [name, network] : facts.networks) {
    if (place.address.empty()) place.address = network.address;
    local = local || containers.local_networks().has(network);
  }
  for (const docker::BoundPort& port : facts.ports)
    if (port.protocol == "tcp") place.published.emplace(port.container_port, port.host_port);
  if (place.whole_machine) {
    // Whose machine that is, the target knows.
    const Result<std::vector<reach::Endpoint>> ends =
        reach::DockerTarget({{}, id, {}}, engine, containers.local_networks())
            .endpoints(1, {world.clock.now() + kLongestLook, stop});
    local = ends.ok();
  }
  if (engine.endpoint().elsewhere() || !local) place_elsewhere(containers, engine, id, facts, place);
  return place;
}

}  // namespace cairn::kinds
