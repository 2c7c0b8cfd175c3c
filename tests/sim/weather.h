// What lies between a run and a simulated engine: time, bad connections, an engine that stumbles; and the
// moment at which the run is killed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/http/client.h"
#include "tests/sim/baton.h"
#include "tests/sim/engine/engine.h"

namespace cairn::sim {

// Where a run touches the world, counted. A crash is that nothing goes through any more: what still unwinds
// changes nothing, as with kill -9.
class Gate {
 public:
  int calls = 0;
  int kill_at = 0;  // before this call goes through; 0: never
  std::function<void()> on_kill;
  bool closed() const { return closed_; }
  void close() {
    if (std::exchange(closed_, true)) return;
    if (on_kill) on_kill();
  }
  // False: nothing goes through.
  bool pass() {
    if (!closed_ && ++calls == kill_at) close();
    return !closed_;
  }

 private:
  bool closed_ = false;
};

struct Forecast {
  int longest_ms = 4;         // a call usually takes up to this
  int slow_percent = 0;       // of the calls take up to 3 s
  int refuses_percent = 0;    // of the calls find nobody who listens
  int stumbles_percent = 0;   // are answered 500 with nothing done
  int half_done_percent = 0;  // are answered 500 when all is done
  int lost_percent = 0;       // are done, and the answer gets lost
  int cut_percent = 0;        // of the streams break somewhere
  bool calm() const {
    return refuses_percent + stumbles_percent + half_done_percent + lost_percent + cut_percent == 0;
  }
};

class Weather final : public http::HttpClient, public reach::Connector {
 public:
  Weather(SimEngine& engine, Baton& baton, Chance& chance, Gate& gate, Forecast forecast)
      : engine_(engine), baton_(baton), chance_(chance), gate_(gate), forecast_(forecast) {}

  Result<http::Response> send(const http::Request& request, std::stop_token stop) override;
  Result<std::unique_ptr<http::Stream>> open(const http::Request& request, std::stop_token stop) override;
  Result<Done> connect(const reach::Endpoint& endpoint, const reach::Attempt& attempt) override;
  std::vector<reach::LocalAddress> our_addresses() override { return engine_.our_addresses(); }

  // Nobody listens until then.
  void engine_is_away_until(Instant when) { away_until_ = when; }
  int changes() const { return changes_; }  // calls that change something, as far as a method tells
  std::function<void(const std::string& line)> on_call;
  std::function<void(const http::Request& request)> on_change;  // as it reaches the engine
  std::string run;                                              // whose calls these are
  // The run whose call the engine answers right now, on this thread.
  static inline thread_local const std::string* calling = nullptr;

 private:
  class BreakingStream;
  // What happens to a call; on the way there.
  enum class Fate { goes_through, refused, stumbles, half_done, lost };
  Result<Fate> set_out(const http::Request& request, std::stop_token stop);
  Result<Done> come_back(const http::Request& request, Fate fate, int status, std::stop_token stop);
  bool sleep(std::stop_token stop);

  SimEngine& engine_;
  Baton& baton_;
  Chance& chance_;
  Gate& gate_;
  const Forecast forecast_;
  Instant away_until_{};
  int changes_ = 0;
};

}  // namespace cairn::sim
