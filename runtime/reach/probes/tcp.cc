#include "runtime/reach/probes/tcp.h"

#include <fmt/format.h>

#include "runtime/reach/dial.h"

namespace cairn::reach {

Look tcp_look(TcpProbe probe, ProbeTarget& target, Connector& connector) {
  return [probe = std::move(probe), &target, &connector](const Attempt& attempt) {
    Result<std::vector<Endpoint>> endpoints = std::vector<Endpoint>{{probe.host, probe.port}};
    if (probe.host.empty()) endpoints = target.endpoints(probe.port, attempt);
    if (!endpoints) return Seen{false, endpoints.failure().message};
    Seen seen{false, fmt::format("port {} has no address", probe.port)};
    for (const Endpoint& endpoint : *endpoints) {
      const Result<Done> connection = connector.connect(endpoint, attempt);
      if (connection) return Seen{true, fmt::format("connected to {}", shown(endpoint))};
      seen.what = fmt::format("{}: {}", shown(endpoint), connection.failure().message);
    }
    return seen;
  };
}

}  // namespace cairn::reach
