#include "runtime/reach/probes/exists.h"

#include <fmt/format.h>

namespace cairn::reach {

Look exists_look(ExistsProbe probe, ProbeTarget& target) {
  return [probe = std::move(probe), &target](const Attempt& attempt) {
    const Result<PathIs> path = target.look_at(probe.path, attempt);
    if (!path) return Seen{false, path.failure().message};
    if (*path == PathIs::missing) return Seen{false, fmt::format("`{}` is not there", probe.path)};
    return Seen{true, fmt::format("`{}` is there", probe.path)};
  };
}

}  // namespace cairn::reach
