// Where the brain's thread waits: for a message, or for a moment. The clock is the only thing it blocks on,
// so that a turned clock and the simulation see it wait.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "runtime/effects/clock.h"

namespace cairn::execute {

// Many post, one takes. Kept by shared_ptr: what is left behind may still post when the run is over.
template <class Message>
class Inbox {
 public:
  // False: nobody takes anything any more.
  bool post(Message message) {
    std::stop_source wake{std::nostopstate};
    {
      std::lock_guard lock(mutex_);
      if (closed_) return false;
      messages_.push_back(std::move(message));
      std::swap(wake, waiting_);
    }
    if (wake.stop_possible()) wake.request_stop();  // without the lock: it wakes the waiting thread from here
    return true;
  }

  // What nobody has taken. From now on nothing can be posted.
  std::deque<Message> close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    return std::exchange(messages_, {});
  }

  // The next message if there is one already.
  std::optional<Message> take_waiting() {
    std::lock_guard lock(mutex_);
    if (messages_.empty()) return std::nullopt;
    Message message = std::move(messages_.front());
    messages_.pop_front();
    return message;
  }

  // The next message; nothing when `until` is reached first.
  std::optional<Message> take(Clock& clock, Instant until) {
    while (true) {
      std::stop_token stop;
      {
        std::lock_guard lock(mutex_);
        if (!messages_.empty()) {
          Message message = std::move(messages_.front());
          messages_.pop_front();
          return message;
        }
        waiting_ = std::stop_source();
        stop = waiting_.get_token();
      }
      if (clock.sleep_until(until, std::move(stop))) {
        std::lock_guard lock(mutex_);
        waiting_ = std::stop_source{std::nostopstate};
        if (messages_.empty()) return std::nullopt;
      }
    }
  }

 private:
  std::mutex mutex_;
  std::deque<Message> messages_;
  std::stop_source waiting_{std::nostopstate};
  bool closed_ = false;
};

}  // namespace cairn::execute
