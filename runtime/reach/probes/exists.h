// exists("/path"): there is something at that path inside the service.
#pragma once

#include <string>

#include "runtime/reach/probe_loop.h"

namespace cairn::reach {

struct ExistsProbe {
  std::string path;
};

Look exists_look(ExistsProbe probe, ProbeTarget& target);

}  // namespace cairn::reach
