#include "runtime/progress/emitter.h"

namespace cairn::progress {

Event Emitter::say(std::string step, std::string node, Happening happening) {
  Event event;
  event.run = run_;
  event.step = std::move(step);
  event.node = std::move(node);
  event.is = std::move(happening);
  std::lock_guard lock(mutex_);
  event.seq = ++last_;
  event.time_ms = std::chrono::duration_cast<Milliseconds>(clock_.now() - began_).count();
  event.wall_ms = clock_.wall_clock_ms();
  sink_.emit(event);
  return event;
}

}  // namespace cairn::progress
