#include "runtime/effects/turn.h"

#include <algorithm>
#include <utility>

namespace cairn {

Turn::Held Turn::take(Clock& clock, std::stop_token stop) {
  const std::shared_ptr<Waiter> waiter = std::make_shared<Waiter>();
  {
    std::lock_guard lock(mutex_);
    if (!taken_) {
      taken_ = true;
      return Held(*this);
    }
    waiting_.push_back(waiter);
  }
  const std::stop_callback when_stopped(stop, [&waiter] { waiter->wake.request_stop(); });
  clock.sleep_until(Instant::max(), waiter->wake.get_token());
  std::lock_guard lock(mutex_);
  if (waiter->has_it) return Held(*this);
  waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), waiter), waiting_.end());
  return {};
}

void Turn::leave() {
  std::shared_ptr<Waiter> next;
  {
    std::lock_guard lock(mutex_);
    taken_ = !waiting_.empty();
    if (!taken_) return;
    next = std::move(waiting_.front());
    waiting_.pop_front();
    next->has_it = true;
  }
  next->wake.request_stop();  // without the lock: it wakes the waiting thread from here
}

}  // namespace cairn
