#include "tests/sim/baton.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <thread>
#include <utility>

namespace cairn::sim {

// Threads of the machine, kept from one run to the next: making one costs more than most runs' steps.
class Baton::Workers {
 public:
  static Workers& all() {
    static Workers workers;
    return workers;
  }
  void run(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      works_.push_back(std::move(work));
      if (idle_ >= works_.size()) {
        changed_.notify_one();
        return;
      }
    }
    threads_.emplace_back([this] { loop(); });
  }
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      changed_.wait(lock, [&] { return closed_ || !works_.empty(); });
      --idle_;
      if (works_.empty()) return;
      std::function<void()> work = std::move(works_.front());
      works_.pop_front();
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> works_;
  std::size_t idle_ = 0;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

Baton::~Baton() = default;

void Baton::begin(std::function<void()> work) {
  const std::shared_ptr<Thread> self = std::make_shared<Thread>();
  self->wake = now();
  all_.push_back(self);
  Workers::all().run([this, self, its_work = std::move(work)]() mutable {
    self->go.acquire();
    self_ = self.get();
    its_work();
    its_work = nullptr;
    self_ = nullptr;
    self->ended = true;
    hand_on(nullptr);
  });
}

void Baton::run(std::function<void()> work) {
  begin(std::move(work));
  hand_on(nullptr);
  nobody_.acquire();
}

// Whoever ends or sleeps gives the baton away. `from`: it wants it back, in its time.
void Baton::hand_on(Thread* from) {
  Thread* next = over_ ? nullptr : pick();
  if (next != nullptr) {
    next->waits = false;
    if (next == from) return;
    ++switches_;
    next->go.release();
  } else {
    nobody_.release();
  }
  if (from != nullptr) from->go.acquire();
}

int Baton::unfinished() const {
  return static_cast<int>(
      std::count_if(all_.begin(), all_.end(), [](const auto& each) { return !each->ended; }));
}

void Baton::let_go() {
  over_ = true;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (all_[i]->ended) continue;
    all_[i]->go.release();
    nobody_.acquire();
  }
}

std::int64_t Baton::wall_clock_ms() {
  const Nanoseconds passed = now() - Instant(std::chrono::hours(1));
  return 1'700'000'000'000 + wall_offset_ms_ + std::chrono::duration_cast<Milliseconds>(passed).count();
}

bool Baton::sleep_until(Instant when, std::stop_token stop) {
  if (over_) return false;
  Thread* self = self_;
  if (self == nullptr) return true;  // the test's own thread, after the run: nobody is there to wait for
  self->wake = std::max(when, now());
  self->stop = std::move(stop);
  self->waits = true;
  hand_on(self);
  self->stop = {};
  return now() >= when;
}

bool Baton::start(std::function<void()> work) {
  if (over_) return false;
  if (refuses_one_in_ > 0 && chance_.one_in(refuses_one_in_))
    return false;  // the system gives no more threads
  begin(std::move(work));
  return true;
}

// One of those that can go on now; if there is none, the one that wakes first.
Baton::Thread* Baton::pick() {
  if (all_.size() > 64) std::erase_if(all_, [](const auto& each) { return each->ended; });
  for (;;) {
    able_.clear();
    Thread* first = nullptr;
    const Instant at = now();
    for (const std::shared_ptr<Thread>& one : all_) {
      if (one->ended || !one->waits) continue;
      if (one->wake <= at || one->stop.stop_requested()) able_.push_back(one.get());
      if (one->wake != Instant::max() && (first == nullptr || one->wake < first->wake)) first = one.get();
    }
    if (!able_.empty())
      return able_[static_cast<std::size_t>(chance_.between(0, static_cast<int>(able_.size()) - 1))];
    Occurrences* next = nullptr;
    Instant due = first == nullptr ? Instant::max() : first->wake;
    for (Occurrences* each : occurrences_)
      if (const Instant theirs = each->next_due();
          theirs < due || (theirs == due && theirs != Instant::max())) {
        due = theirs;
        next = each;
      }
    if (next == nullptr && first == nullptr) return nullptr;
    set_now(std::max(at, due));
    if (next == nullptr) return first;
    next->advance(now());
  }
}

}  // namespace cairn::sim
