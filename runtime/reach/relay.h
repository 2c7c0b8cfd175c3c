// Connections to where this machine has no route: made by an agent there, carried over one connection to it
// (runtime/agent/wire.h).
#pragma once

#include <memory>
#include <string>

#include "runtime/http/duplex.h"
#include "runtime/reach/target.h"

namespace cairn::reach {

// Thread-safe. One thread of its own moves all bytes.
class Relay {
 public:
  // `agent`: attached to the agent's stdin and stdout before it was started. `folder`: for the sockets of
  // socket_to(); absolute, exists, nobody else's.
  Relay(std::unique_ptr<http::Duplex> agent, std::string folder);
  ~Relay();  // every connection ends
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Returns when the agent has said that it is there.
  Result<Done> wait_for_agent(const Attempt& attempt);
  // Opened over there and closed again. The Failure's message is what was seen: "connection refused".
  Result<Done> try_connection(const Endpoint& endpoint, const Attempt& attempt);
  // A unix socket, or a TCP port of this machine's loopback, that leads to the endpoint; the same one every
  // time. It accepts connections whether anybody listens over there or not, and closes those that lead
  // nowhere.
  Result<std::string> socket_to(const Endpoint& endpoint);
  Result<int> port_to(const Endpoint& endpoint);
  // Why there is no agent any more; nothing while there is one.
  std::optional<Failure> broken() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace cairn::reach
