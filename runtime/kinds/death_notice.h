// The word that a process has died, held back until all that it said has been read: whoever is told shows its
// last lines. Not for longer than a moment: a death matters more than its words.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "runtime/effects/clock.h"
#include "runtime/execute/performer.h"

namespace cairn::kinds {

// Thread-safe; shared by who sees the end and who reads the log. `clock` must outlive the reader's part:
// ended() may come later than that, after log_is_read().
class DeathNotice {
 public:
  // How long a death waits for what was said before it.
  static constexpr Milliseconds patience{2000};

  DeathNotice(Clock& clock, std::shared_ptr<execute::DeathWatch> watch)
      : clock_(clock), watch_(std::move(watch)) {}

  // The first call counts. Does not block.
  void ended(execute::Death death);
  // There is nothing more to read, or nobody reads on.
  void log_is_read();
  // For the reader, every now and then while there is more: tells it when the patience is over.
  void still_reading() {
    if (waits_) tell_if_late();
  }

 private:
  void tell_if_late();
  void tell(std::unique_lock<std::mutex> lock);

  Clock& clock_;
  const std::shared_ptr<execute::DeathWatch> watch_;
  std::atomic<bool> waits_ = false;  // there is a death that was not told
  std::mutex mutex_;
  bool read_ = false;
  bool known_ = false;
  std::optional<execute::Death> death_;  // until it is told
  Instant until_{};
};

}  // namespace cairn::kinds
