// The real HttpClient: one thread around one curl_multi. Nobody else touches libcurl.
#pragma once

#include <memory>

#include "runtime/http/client.h"

namespace cairn::http {

// Callers block; any number of them, from any thread, at once. A request to stop ends the wait at once.
//
// - Connections are kept and used again, and are close-on-exec.
// - A request other than GET and HEAD is sent at most once: libcurl's silent repetition on a kept connection
// that
//   turns out to be dead becomes a Failure.
// - A stream holds at most about a megabyte that nobody has read; then the server has to wait.
// - Unix sockets may have paths of any length.
//
// All streams must be gone before the reactor is.
class Reactor final : public HttpClient {
 public:
  Reactor();
  ~Reactor() override;
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  Result<Response> send(const Request& request, std::stop_token stop) override;
  Result<std::unique_ptr<Stream>> open(const Request& request, std::stop_token stop) override;
  // In the caller's thread, with a connection that is not shared: the reactor has no part in what follows.
  Result<Upgraded> upgrade(const Request& request, std::stop_token stop) override;

  class Loop;  // the thread and what it owns

 private:
  std::shared_ptr<Loop> loop_;
};

}  // namespace cairn::http
