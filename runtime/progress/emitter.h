// Stamps what happens with its number and times and hands it on, in that order, from any thread.
#pragma once

#include <mutex>
#include <string>

#include "runtime/effects/clock.h"
#include "runtime/progress/event.h"

namespace cairn::progress {

// One per run. `clock` and `sink` must outlive it.
class Emitter {
 public:
  Emitter(std::string run, Clock& clock, EventSink& sink)
      : run_(std::move(run)), clock_(clock), sink_(sink), began_(clock.now()) {}

  // Of a run that was resumed: numbers and times go on after its last event.
  void go_on_after(const Event& last) {
    std::lock_guard lock(mutex_);
    last_ = last.seq;
    began_ -= Milliseconds(last.time_ms);
  }

  // About one step; returns the event as it was stamped.
  Event say(std::string step, std::string node, Happening happening);
  // About the run as a whole.
  Event say(Happening happening) { return say({}, {}, std::move(happening)); }

 private:
  std::string run_;
  Clock& clock_;
  EventSink& sink_;
  Instant began_;
  std::mutex mutex_;  // held while the sink takes the event: sinks see numbers in order
  std::uint64_t last_ = 0;
};

}  // namespace cairn::progress
