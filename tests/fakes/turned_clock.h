// A clock that stands still until a test turns it.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "runtime/effects/clock.h"

namespace cairn {

class TurnedClock final : public Clock {
 public:
  // by_hand: a sleeper waits for turn(). by_itself: each sleep returns at once and moves the time to its end,
  // for loops that run on the test's own thread.
  enum class Turning { by_hand, by_itself };

  explicit TurnedClock(Turning turning = Turning::by_hand) : turning_(turning) {}

  Instant now() override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  std::int64_t wall_clock_ms() override {
    std::lock_guard lock(mutex_);
    const Nanoseconds since_start = now_ - Instant(std::chrono::hours(1));
    return 1'700'000'000'000 + std::chrono::duration_cast<Milliseconds>(since_start).count();
  }

  bool sleep_until(Instant when, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    sleeps_.push_back(when - now_);
    if (turning_ == Turning::by_itself) {
      if (stop.stop_requested()) return now_ >= when;
      now_ = std::max(now_, when);
      return true;
    }
    sleepers_.push_back(when);
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return now_ >= when; });
    sleepers_.erase(std::find(sleepers_.begin(), sleepers_.end(), when));
    changed_.notify_all();
    return now_ >= when;
  }

  void turn(Nanoseconds how_far) {
    std::lock_guard lock(mutex_);
    now_ += how_far;
    changed_.notify_all();
  }
  // Blocks (really) until `count` threads sleep on this clock.
  void wait_for_sleepers(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting() >= count; });
  }
  // Moves the time to the end of the shortest sleep; blocks (really) until somebody sleeps.
  void turn_to_next_wake_up() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting() > 0; });
    Instant next = Instant::max();
    for (const Instant when : sleepers_) {
      if (when > now_) next = std::min(next, when);
    }
    now_ = next;
    changed_.notify_all();
  }
  // How long each sleep so far was meant to be, in the order they began.
  std::vector<Nanoseconds> sleeps() {
    std::lock_guard lock(mutex_);
    return sleeps_;
  }

 private:
  std::size_t waiting() const {
    return static_cast<std::size_t>(
        std::count_if(sleepers_.begin(), sleepers_.end(), [&](Instant when) { return when > now_; }));
  }

  const Turning turning_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Instant now_{std::chrono::hours(1)};
  std::vector<Instant> sleepers_;
  std::vector<Nanoseconds> sleeps_;
};

}  // namespace cairn
