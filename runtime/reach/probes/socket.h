// socket("/path"): there is a unix socket at that path inside the service.
#pragma once

#include <string>

#include "runtime/reach/probe_loop.h"

namespace cairn::reach {

struct SocketProbe {
  std::string path;
};

Look socket_look(SocketProbe probe, ProbeTarget& target);

}  // namespace cairn::reach
