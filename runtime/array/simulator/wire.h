// An HttpClient that ends in a simulator of the same process: no sockets, no TLS, the same answers.
#pragma once

#include <functional>

#include "runtime/array/simulator/simulator.h"
#include "runtime/http/client.h"

namespace cairn::array::simulator {

class Wire final : public http::HttpClient {
 public:
  explicit Wire(Simulator& simulator) : simulator_(simulator) {}
  Result<http::Response> send(const http::Request& request, std::stop_token stop) override;
  // An array has no endless answers.
  Result<std::unique_ptr<http::Stream>> open(const http::Request& request, std::stop_token stop) override;

 private:
  Simulator& simulator_;
};

}  // namespace cairn::array::simulator
