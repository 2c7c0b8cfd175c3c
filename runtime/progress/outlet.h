// Standard output as the run sees it: takes text at once and writes it from a thread of its own, so that a
// slow pipe or a stopped terminal delays nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "runtime/effects/clock.h"

namespace cairn::progress {

// Thread-safe. When more than `most_held` bytes wait, further lines are dropped and a line says how many, as
// soon as there is room: step logs hold the whole. A reader that has gone (EPIPE) makes it drop everything
// from then on.
class Outlet {
 public:
  // The file stays the caller's. With `gather` a first line waits so long for others that are written with
  // it: what is lost when we are killed.
  explicit Outlet(int file, std::size_t most_held = std::size_t{64} << 20, Milliseconds gather = {});
  ~Outlet();

  void write(std::string_view lines);  // whole lines
  // Waits until everything is out, but not longer than that; false if something was left. Used once, at the
  // end.
  bool finish(Milliseconds at_most);
  std::uint64_t dropped_lines() const;

 private:
  struct Shared;  // outlives the outlet if its thread hangs in a write
  std::shared_ptr<Shared> shared_;
};

}  // namespace cairn::progress
