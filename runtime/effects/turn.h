// One at a time, for work that calls out while it has its turn: a mutex would be held over those calls, and
// neither a stop nor the simulation sees who waits for a mutex.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

#include "runtime/effects/clock.h"

namespace cairn {

// Thread-safe. First come, first served.
class Turn {
 public:
  // The turn, until it is destroyed.
  class Held {
   public:
    Held() = default;
    explicit Held(Turn& of) : of_(&of) {}
    Held(Held&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (of_ != nullptr) of_->leave();
    }
    explicit operator bool() const { return of_ != nullptr; }

   private:
    Turn* of_ = nullptr;
  };

  // Empty when `stop` was requested first.
  Held take(Clock& clock, std::stop_token stop);

 private:
  struct Waiter {
    std::stop_source wake;
    bool has_it = false;
  };
  void leave();

  std::mutex mutex_;
  bool taken_ = false;
  std::deque<std::shared_ptr<Waiter>> waiting_;
};

}  // namespace cairn
