// Connections from this machine, as a seam: whether somebody listens, and which addresses are ours.
#pragma once

#include <string>
#include <vector>

#include "runtime/effects/result.h"
#include "runtime/reach/target.h"

namespace cairn::reach {

struct LocalAddress {
  std::string address, interface;
};

class Connector {
 public:
  virtual ~Connector() = default;
  // Opens a TCP connection, on this machine or where the endpoint leads to, and closes it again. The Failure's message is what was seen, as dial() says it.
  virtual Result<Done> connect(const Endpoint& endpoint, const Attempt& attempt) = 0;
  // The addresses of this machine's own interfaces.
  virtual std::vector<LocalAddress> our_addresses() = 0;
};

// The machine's own.
Connector& real_connector();

}  // namespace cairn::reach
