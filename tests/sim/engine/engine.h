// A Docker engine that exists only in a test: a state machine that speaks its HTTP behind the HttpClient. The
// conformance tests hold it to what real engines do; where they disagree, the real ones are right.
//
// Time: it has no threads. What is due happens when somebody calls next_due() and advance(): the simulation's
// baton, or a pump on the machine's clock. Those who wait for a stream sleep on the clock.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "runtime/http/client.h"
#include "runtime/reach/connector.h"
#include "tests/sim/engine/state.h"

namespace cairn::sim {

class SimEngine final : public http::HttpClient, public reach::Connector {
 public:
  SimEngine(Clock& clock, EngineOptions options);
  ~SimEngine() override;

  Result<http::Response> send(const http::Request& request, std::stop_token stop) override;
  Result<std::unique_ptr<http::Stream>> open(const http::Request& request, std::stop_token stop) override;

  // Connections to containers, as this machine makes them.
  Result<Done> connect(const reach::Endpoint& endpoint, const reach::Attempt& attempt) override;
  std::vector<reach::LocalAddress> our_addresses() override;

  Instant next_due();  // max: nothing is
  void advance(Instant now);
  // Called without a lock when next_due() may have become earlier. Set before the first call.
  void when_sooner(std::function<void()> tell) { sooner_ = std::move(tell); }

  // What happens to it from outside.
  void restart();  // every connection breaks; containers end, and come back as their policies say
  void cut_connections();
  // The container of this name ends with this code; false: it does not run.
  bool kill(const std::string& name, int code);

  // For looking and for setting things up, while nobody calls.
  State& state() { return state_; }
  // Answers without waiting for anything.
  Reply answer(const http::Request& request);

 private:
  class AnswerStream;
  Reply handle(const http::Request& request, std::string body);
  Reply route(const Asked& asked);
  Reply route_container(Container& container, const Asked& asked);
  Reply route_image(const Asked& asked);
  Reply ask_container(const http::Request& request);
  Container* at_address(const std::string& host, int port);
  Result<std::string> read(Pipe& pipe, std::stop_token stop, std::optional<Instant> deadline);
  void step_to(Instant now);

  Clock& clock_;
  std::mutex mutex_;
  State state_;
  std::function<void()> sooner_;
  std::vector<std::weak_ptr<Pipe>> open_;
};

}  // namespace cairn::sim
