// One stream of events into many sinks, in the order in which they were added.
#pragma once

#include <mutex>
#include <vector>

#include "runtime/progress/event.h"

namespace cairn::progress {

// Thread-safe. Owns none of its sinks: they must outlive it.
class FanOut : public EventSink {
 public:
  FanOut() = default;
  explicit FanOut(std::vector<EventSink*> sinks) : sinks_(std::move(sinks)) {}

  void add(EventSink& sink) {
    std::lock_guard lock(mutex_);
    sinks_.push_back(&sink);
  }
  void emit(const Event& event) override {
    std::lock_guard lock(mutex_);
    for (EventSink* sink : sinks_) sink->emit(event);
  }

 private:
  std::mutex mutex_;
  std::vector<EventSink*> sinks_;
};

}  // namespace cairn::progress
