// How others end or shorten somebody's waiting: an event of the engine, the death of a process.
#pragma once

#include <mutex>
#include <optional>
#include <stop_token>

#include "runtime/effects/result.h"

namespace cairn::reach {

// Thread-safe. Shared with those who may call it after the waiting is over.
class WakeUp {
 public:
  // What is waited for cannot come any more: the wait fails with this. Only the first call counts.
  void give_up(Failure why);
  // Something has happened: look again now.
  void look_again();

  // For the one who waits.
  std::optional<Failure> given_up() const;
  std::stop_token end() const { return end_.get_token(); }  // requested by give_up()
  std::stop_token
  next_nudge();  // requested by the next look_again(), by one not yet noticed, and by give_up()

 private:
  mutable std::mutex mutex_;
  std::optional<Failure> why_;
  std::stop_source end_;
  std::stop_source nudge_;
};

}  // namespace cairn::reach
