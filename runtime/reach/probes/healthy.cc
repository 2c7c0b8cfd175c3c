#include "runtime/reach/probes/healthy.h"

#include <fmt/format.h>

namespace cairn::reach {
namespace {

Seen seen(const char* state, const Health& health) {
  if (health.last_output.empty()) return {false, state};
  return {false, fmt::format("{}, its healthcheck said `{}`", state, health.last_output)};
}

}  // namespace

Look healthy_look(ProbeTarget& target) {
  return [&target](const Attempt& attempt) {
    const Result<Health> health = target.health(attempt);
    if (!health) return Seen{false, health.failure().message};
    switch (health->is) {
      case HealthIs::healthy:
        return Seen{true, "healthy"};
      case HealthIs::starting:
        return seen("still starting", *health);
      case HealthIs::unhealthy:
        return seen("unhealthy", *health);
      case HealthIs::unknown:
        break;
    }
    return Seen{false, "it has no healthcheck: give one, or another probe", true};
  };
}

}  // namespace cairn::reach
