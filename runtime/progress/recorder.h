// Keeps every event: for tests, and for what is written from the whole run at its end (report, timeline).
#pragma once

#include <mutex>
#include <vector>

#include "runtime/progress/event.h"

namespace cairn::progress {

// Thread-safe. Lines of logs are many and lie in the step's log file; `without_logs` leaves them out.
class Recorder : public EventSink {
 public:
  explicit Recorder(bool without_logs = false) : without_logs_(without_logs) {}

  void emit(const Event& event) override {
    if (without_logs_ && std::holds_alternative<StepLog>(event.is)) return;
    std::lock_guard lock(mutex_);
    events_.push_back(event);
  }
  std::vector<Event> events() const {
    std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  const bool without_logs_;
  mutable std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace cairn::progress
