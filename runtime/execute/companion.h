// A thread beside those of the steps, for what a step leaves running when it ends: the follower of a log, the
// watch over a service. It is made by the run's Threads and waited for by the Clock, so that the simulation
// sees it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

#include "runtime/effects/clock.h"
#include "runtime/execute/threads.h"

namespace cairn::execute {

// Thread-safe: a step that was left behind may still wait for it when the next one does. `threads` and
// `clock` must outlive it.
class Companion {
 public:
  Companion(Threads& threads, Clock& clock) : threads_(threads), clock_(clock) {}
  ~Companion() { end(); }
  Companion(const Companion&) = delete;
  Companion& operator=(const Companion&) = delete;

  // After the end of what ran before. False: the system gives no more threads. `work` ends soon after its
  // token asks for it.
  bool start(std::function<void(std::stop_token)> work);
  bool busy() const;  // there is work that nobody has waited for
  void ask_to_stop();
  void wait() {
    (void)wait_until(Instant::max(), {});
  }  // until the work has ended; at once when there is none
  // False: `when` has come, or stop is requested, and the work goes on.
  bool wait_until(Instant when, std::stop_token stop);
  void end() {
    ask_to_stop();
    wait();
  }

 private:
  struct Work {
    std::stop_source stop;
    std::stop_source ended;
  };
  std::shared_ptr<Work> now() const;

  Threads& threads_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<Work> work_;
};

}  // namespace cairn::execute
