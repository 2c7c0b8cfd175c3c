// Real threads, one at a time: whoever runs holds the baton until it sleeps or ends; then the simulator picks
// the next one and turns the clock. The same seed gives the same run, to the last event.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/execute/threads.h"
#include "tests/fakes/random_graph.h"

namespace cairn::sim {

class Baton final : public Clock, public execute::Threads {
 public:
  explicit Baton(Chance& chance) : chance_(chance) {}
  ~Baton() override {
    for (std::thread& thread : threads_) thread.join();
  }

  // Runs `work` as the first thread, and all it starts, until nobody can go on any more.
  void run(std::function<void()> work) {
    add(std::move(work));
    std::unique_lock lock(mutex_);
    while (true) {
      returned_.wait(lock, [&] { return holder_ == nullptr; });
      Thread* next = pick();
      if (next == nullptr) break;
      now_ = std::max(now_, next->stop.stop_requested() ? now_ : next->wake);
      next->waits = false;
      holder_ = next;
      next->go.notify_one();
    }
  }
  // Whoever still sleeps does so for ever: it hangs. They are let go, one after the other, so that they can
  // be joined.
  void let_go() {
    std::unique_lock lock(mutex_);
    over_ = true;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (all_[i]->ended) continue;
      holder_ = all_[i].get();
      holder_->go.notify_one();
      returned_.wait(lock, [&] { return holder_ == nullptr; });
    }
  }

  Instant now() override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  std::int64_t wall_clock_ms() override { return 1'700'000'000'000; }
  bool sleep_until(Instant when, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    if (over_) return false;
    self_->wake = std::max(when, now_);
    self_->stop = std::move(stop);
    give_up(lock);
    self_->stop = {};
    return now_ >= when;
  }

  bool start(std::function<void()> work) override {
    if (over_) return false;
    if (chance_.one_in(80)) return false;  // the system gives no more threads
    add(std::move(work));
    return true;
  }

 private:
  struct Thread {
    std::condition_variable go;
    Instant wake{};
    std::stop_token stop;
    bool waits = true;
    bool ended = false;
  };

  void add(std::function<void()> work) {
    std::lock_guard lock(mutex_);
    all_.push_back(std::make_unique<Thread>());
    Thread* self = all_.back().get();
    self->wake = now_;
    threads_.emplace_back([this, self, its_work = std::move(work)]() mutable {
      self_ = self;
      {
        std::unique_lock waiting(mutex_);
        self->go.wait(waiting, [&] { return holder_ == self; });
      }
      its_work();
      its_work = nullptr;
      std::lock_guard ending(mutex_);
      self->ended = true;
      if (holder_ == self) holder_ = nullptr;
      returned_.notify_one();
    });
  }

  void give_up(std::unique_lock<std::mutex>& lock) {
    Thread* self = self_;
    self->waits = true;
    holder_ = nullptr;
    returned_.notify_one();
    self->go.wait(lock, [&] { return holder_ == self; });
  }

  // One of those that can go on now; if there is none, the one that wakes first.
  Thread* pick() {
    std::vector<Thread*> able;
    Thread* first = nullptr;
    for (const std::unique_ptr<Thread>& one : all_) {
      if (one->ended || !one->waits) continue;
      if (one->stop.stop_requested() || one->wake <= now_) able.push_back(one.get());
      if (one->wake != Instant::max() && (first == nullptr || one->wake < first->wake)) first = one.get();
    }
    return able.empty()
               ? first
               : able[static_cast<std::size_t>(chance_.between(0, static_cast<int>(able.size()) - 1))];
  }

  Chance& chance_;
  std::mutex mutex_;
  std::condition_variable returned_;
  Instant now_{std::chrono::hours(1)};
  std::vector<std::unique_ptr<Thread>> all_;
  std::vector<std::thread> threads_;
  Thread* holder_ = nullptr;
  bool over_ = false;
  static inline thread_local Thread* self_ = nullptr;
};

}  // namespace cairn::sim
