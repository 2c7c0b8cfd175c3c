#include "runtime/reach/wake_up.h"

namespace cairn::reach {

// Stop is requested outside the lock, since that runs the callbacks of those who wait.

void WakeUp::give_up(Failure why) {
  std::stop_source nudge;
  {
    std::lock_guard lock(mutex_);
    if (!why_) why_ = std::move(why);
    nudge = nudge_;
  }
  end_.request_stop();
  nudge.request_stop();
}

void WakeUp::look_again() {
  std::stop_source nudge;
  {
    std::lock_guard lock(mutex_);
    nudge = nudge_;
  }
  nudge.request_stop();
}

std::optional<Failure> WakeUp::given_up() const {
  std::lock_guard lock(mutex_);
  return why_;
}

std::stop_token WakeUp::next_nudge() {
  std::lock_guard lock(mutex_);
  std::stop_token token = nudge_.get_token();
  // One nudge wakes one sleep; after give_up() every sleep ends at once.
  if (nudge_.stop_requested() && !why_) nudge_ = std::stop_source();
  return token;
}

}  // namespace cairn::reach
