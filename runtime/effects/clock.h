// Time, as a seam: tests and the simulation turn it by hand. Nothing outside the seam folders sleeps or reads
// a clock of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace cairn {

using Milliseconds = std::chrono::milliseconds;
using Nanoseconds = std::chrono::nanoseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() = 0;                 // monotonic
  virtual std::int64_t wall_clock_ms() = 0;  // milliseconds since 1970, for people and records only
  // Returns at `when` or as soon as stop is requested, whichever comes first; true if the time was reached.
  virtual bool sleep_until(Instant when, std::stop_token stop) = 0;
  bool sleep_for(Nanoseconds how_long, std::stop_token stop) {
    return sleep_until(now() + how_long, std::move(stop));
  }
};

// The machine's own clocks.
Clock& real_clock();

}  // namespace cairn
