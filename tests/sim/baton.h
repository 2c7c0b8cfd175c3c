// Real threads, one at a time: whoever runs holds the baton until it sleeps or ends; then it picks who goes
// on, and turns the clock. The same seed gives the same run, to the last event.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stop_token>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/execute/threads.h"
#include "tests/fakes/random_graph.h"

namespace cairn::sim {

// What happens at a certain time without a thread: the engine's own doings.
class Occurrences {
 public:
  virtual ~Occurrences() = default;
  virtual Instant next_due() = 0;  // max: nothing is
  virtual void advance(Instant now) = 0;
};

class Baton final : public Clock, public execute::Threads {
 public:
  explicit Baton(Chance& chance) : chance_(chance) {}
  ~Baton() override;

  void add(Occurrences& occurrences) { occurrences_.push_back(&occurrences); }
  // How rarely the system refuses a thread: one in so many; 0: never.
  void refuse_threads(int one_in) { refuses_one_in_ = one_in; }

  // Runs `work` as the first thread, and all it starts, until nobody can go on any more.
  void run(std::function<void()> work);
  // How many threads have not ended: after run(), those sleep for ever.
  int unfinished() const;
  // Whoever still sleeps does so for ever: it hangs. They are let go, one after the other, so that they can
  // be joined.
  void let_go();
  // For the thread that runs: a place where somebody else may go on.
  void pass() { sleep_until(now(), {}); }

  Instant now() override { return Instant(Nanoseconds(now_.load(std::memory_order_relaxed))); }
  std::int64_t wall_clock_ms() override;
  void jump_wall_clock(Milliseconds by) { wall_offset_ms_ += by.count(); }
  bool sleep_until(Instant when, std::stop_token stop) override;
  bool start(std::function<void()> work) override;
  int switches() const { return switches_; }  // from one thread to another

 private:
  struct Thread {
    std::binary_semaphore go{0};
    Instant wake{};
    std::stop_token stop;
    bool waits = true;
    bool ended = false;
  };
  class Workers;

  void begin(std::function<void()> work);
  Thread* pick();
  void hand_on(Thread* from);
  void set_now(Instant now) { now_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }

  Chance& chance_;
  std::vector<Occurrences*> occurrences_;
  int refuses_one_in_ = 80;
  std::atomic<std::int64_t> now_{std::chrono::nanoseconds(std::chrono::hours(1)).count()};
  std::int64_t wall_offset_ms_ = 0;
  std::vector<std::shared_ptr<Thread>> all_;  // touched by whoever has the baton
  std::vector<Thread*> able_;
  std::binary_semaphore nobody_{0};  // can go on
  bool over_ = false;
  int switches_ = 0;
  static inline thread_local Thread* self_ = nullptr;
};

}  // namespace cairn::sim
