// Threads, as a seam: the simulation lets one run at a time.
#pragma once

#include <functional>
#include <memory>

namespace cairn::execute {

class Threads {
 public:
  virtual ~Threads() = default;
  // Runs `work` on a thread of its own; false if the system gives no more threads now. Nobody waits for the
  // thread: `work` owns all it needs.
  virtual bool start(std::function<void()> work) = 0;
};

// The machine's own threads; one that has nothing to do is kept for the next work. What still runs when this
// goes is left behind.
std::unique_ptr<Threads> real_threads();

}  // namespace cairn::execute
