// Lets a simulated engine live on the machine's clock: what is due happens then, by itself.
#pragma once

#include <mutex>
#include <stop_token>
#include <thread>

#include "tests/sim/engine/engine.h"

namespace cairn::sim {

class PumpedEngine {
 public:
  explicit PumpedEngine(EngineOptions options) : engine_(real_clock(), std::move(options)) {
    engine_.when_sooner([this] {
      std::stop_source wake{std::nostopstate};
      {
        const std::lock_guard lock(mutex_);
        sooner_ = true;
        wake = wake_;
      }
      if (wake.stop_possible()) wake.request_stop();
    });
    pump_ = std::jthread([this](std::stop_token stop) { run(stop); });
  }
  SimEngine& operator*() { return engine_; }

 private:
  void run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      engine_.advance(real_clock().now());
      std::stop_source wake;
      {
        const std::lock_guard lock(mutex_);
        wake_ = wake;
        if (std::exchange(sooner_, false)) continue;
      }
      const std::stop_callback when_stopped(stop, [&wake] { wake.request_stop(); });
      real_clock().sleep_until(engine_.next_due(), wake.get_token());
    }
  }

  SimEngine engine_;
  std::mutex mutex_;
  bool sooner_ = false;
  std::stop_source wake_{std::nostopstate};
  std::jthread pump_;  // last: it goes first
};

}  // namespace cairn::sim
