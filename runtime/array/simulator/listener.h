// An HTTP server in front of a function: over TLS on loopback for the simulated array, on a unix socket for
// the volume plugin. The only place that knows the HTTP server library.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/array/simulator/certificate.h"
#include "runtime/array/simulator/exchange.h"
#include "runtime/effects/clock.h"

namespace cairn::array::simulator {

class Listener {
 public:
  using Handler = std::function<Answer(const Asked&)>;  // called from several threads at once

  // Listens when it returns. Port 0: any free one, see port(). `clock` waits out an answer's latency.
  static Result<std::unique_ptr<Listener>> over_tls(const std::string& address, int port,
                                                    const Certificate& certificate, Clock& clock,
                                                    Handler handler);
  // Replaces a socket that nobody serves any more; its mode is 0600.
  static Result<std::unique_ptr<Listener>> on_socket(const std::string& path, Clock& clock, Handler handler);

  virtual ~Listener() = default;  // stops and waits for the requests in hand
  virtual int port() const = 0;
};

}  // namespace cairn::array::simulator
