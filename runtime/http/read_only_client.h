// For those that only look: `plan`, `ps`, and everything that gathers facts. What would change something is
// refused here, below all that could get it wrong.
#pragma once

#include "runtime/http/client.h"

namespace cairn::http {

class ReadOnlyClient final : public HttpClient {
 public:
  explicit ReadOnlyClient(HttpClient& below) : below_(below) {}  // which must live longer

  // A Failure with nothing_done for every method but GET and HEAD.
  Result<Response> send(const Request& request, std::stop_token stop) override;
  Result<std::unique_ptr<Stream>> open(const Request& request, std::stop_token stop) override;

 private:
  HttpClient& below_;
};

}  // namespace cairn::http
