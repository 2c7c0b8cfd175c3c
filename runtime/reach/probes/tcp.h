// tcp(port): somebody accepts connections.
#pragma once

#include <string>

#include "runtime/reach/connector.h"
#include "runtime/reach/probe_loop.h"

namespace cairn::reach {

struct TcpProbe {
  int port = 0;
  std::string host;  // of the world outside; empty: the target's
};

// `connector` must outlive the look.
Look tcp_look(TcpProbe probe, ProbeTarget& target, Connector& connector = real_connector());

}  // namespace cairn::reach
