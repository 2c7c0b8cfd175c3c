// A container as a probe sees it from this machine.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/reach/target.h"

namespace cairn::reach {

struct ContainerPlace {
  std::string name;       // of the service
  std::string container;  // its id
  // Takes secrets out of what a command or a healthcheck said; none: there are none.
  std::function<std::string(const std::string&)> mask;
};

// The addresses of this machine's own interfaces (getifaddrs(3)).
std::vector<std::string> local_addresses();

class DockerTarget final : public ProbeTarget {
 public:
  // `engine` must outlive it. `our_addresses`: from local_addresses().
  DockerTarget(ContainerPlace place, docker::Engine& engine, std::vector<std::string> our_addresses)
      : place_(std::move(place)), engine_(engine), our_addresses_(std::move(our_addresses)) {}

  std::string name() const override { return place_.name; }
  // The container's address on each of its networks whose gateway is this machine; loopback for network_mode
  // "host". A Failure when the engine is elsewhere, or in a virtual machine.
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
  Result<docker::ContainerFacts> inspect(const Attempt& attempt);
  std::string masked(const std::string& text) const { return place_.mask ? place_.mask(text) : text; }
  Result<std::string> start_exec(const std::vector<std::string>& command, const Attempt& attempt);

  const ContainerPlace place_;
  docker::Engine& engine_;
  const std::vector<std::string> our_addresses_;
};

}  // namespace cairn::reach
