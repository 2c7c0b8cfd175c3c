// A container as a probe sees it from this machine.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/reach/local_networks.h"
#include "runtime/reach/target.h"

namespace cairn::reach {

struct ContainerPlace {
  std::string name;       // of the service
  std::string container;  // its id
  // Takes secrets out of what a command or a healthcheck said; none: there are none.
  std::function<std::string(const std::string&)> mask;
};

// Gives the relay of an agent that is on the network (its id).
using AgentOn = std::function<Result<std::shared_ptr<Relay>>(const std::string& network, const Attempt&)>;

class DockerTarget final : public ProbeTarget {
 public:
  // `engine` and `local` must outlive it. `agent_on`: none, when there is no way but this machine's own.
  DockerTarget(ContainerPlace place, docker::Engine& engine, LocalNetworks& local, AgentOn agent_on = {})
      : place_(std::move(place)), engine_(engine), local_(local), agent_on_(std::move(agent_on)) {}

  std::string name() const override { return place_.name; }
  // The container's address on each of its networks that is of this machine; loopback for network_mode
  // "host". When there is none, because the engine is elsewhere or in a virtual machine: through an agent.
  // Asked of the engine at most once a second.
  Result<std::vector<Endpoint>> endpoints(int port, const Attempt& attempt) override;
  // POST /containers/{id}/exec. One that is cut off by its deadline goes on in the container: the API has no
  // kill.
  Result<CommandEnd> run(const std::vector<std::string>& command, const Attempt& attempt) override;
  // HEAD /containers/{id}/archive: sees volumes, but neither tmpfs mounts nor /proc.
  Result<PathIs> look_at(const std::string& path, const Attempt& attempt) override;
  // GET /containers/{id}/logs from its last start; positions are nanoseconds since 1970.
  Result<LogPiece> log_after(std::uint64_t from, const Attempt& attempt) override;
  Result<Health> health(const Attempt& attempt) override;

 private:
  Result<docker::ContainerFacts> inspect(const std::string& container, const Attempt& attempt);
  Result<std::vector<Endpoint>> find_endpoints(int port, const Attempt& attempt);
  Result<std::vector<Endpoint>> on_its_machine(int port, const Attempt& attempt);
  Failure no_way(int port) const;
  Result<std::vector<Endpoint>> through_agent(const docker::ContainerFacts& facts, int port,
                                              const Attempt& attempt);
  std::string masked(const std::string& text) const { return place_.mask ? place_.mask(text) : text; }
  Result<std::string> start_exec(const std::vector<std::string>& command, const Attempt& attempt);

  const ContainerPlace place_;
  docker::Engine& engine_;
  LocalNetworks& local_;
  const AgentOn agent_on_;
  // Of the last answer of endpoints(): a container that runs keeps its addresses, and to ask costs more than
  // to look.
  int known_port_ = 0;
  std::vector<Endpoint> known_;
  Instant known_at_{};
};

}  // namespace cairn::reach
