#include "runtime/effects/clock.h"

#include <condition_variable>
#include <mutex>

namespace cairn {
namespace {

class MachineClock final : public Clock {
 public:
  Instant now() override { return std::chrono::steady_clock::now(); }

  std::int64_t wall_clock_ms() override {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<Milliseconds>(since_1970).count();
  }

  bool sleep_until(Instant when, std::stop_token stop) override {
    // std::condition_variable_any would do the same with three times as many system calls.
    std::mutex mutex;
    std::condition_variable changed;
    bool is_stopped = false;
    const std::stop_callback wake(stop, [&] {
      {
        std::lock_guard lock(mutex);
        is_stopped = true;
      }
      changed.notify_one();  // without the lock, so that the woken thread need not wait for it
    });
    {
      std::unique_lock lock(mutex);
      changed.wait_until(lock, when, [&] { return is_stopped; });
    }
    return now() >= when;
  }
};

}  // namespace

Clock& real_clock() {
  static MachineClock clock;
  return clock;
}

}  // namespace cairn
