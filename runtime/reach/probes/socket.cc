#include "runtime/reach/probes/socket.h"

#include <fmt/format.h>

namespace cairn::reach {

Look socket_look(SocketProbe probe, ProbeTarget& target) {
  return [probe = std::move(probe), &target](const Attempt& attempt) {
    const Result<PathIs> path = target.look_at(probe.path, attempt);
    if (!path) return Seen{false, path.failure().message};
    switch (*path) {
      case PathIs::socket:
        return Seen{true, fmt::format("`{}` is a socket", probe.path)};
      case PathIs::missing:
        return Seen{false, fmt::format("`{}` is not there", probe.path)};
      default:
        return Seen{false, fmt::format("`{}` is there, but is no socket", probe.path)};
    }
  };
}

}  // namespace cairn::reach
