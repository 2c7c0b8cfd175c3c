// healthy(): the healthcheck of the container says so.
#pragma once

#include "runtime/reach/probe_loop.h"

namespace cairn::reach {

Look healthy_look(ProbeTarget& target);

}  // namespace cairn::reach
