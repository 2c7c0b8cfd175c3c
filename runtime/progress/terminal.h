// The terminal, as a seam: tests play one, and the real one never makes the run wait.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "runtime/effects/clock.h"

namespace cairn::progress {

struct TerminalSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

// Used by one thread at a time.
class Terminal {
 public:
  virtual ~Terminal() = default;
  virtual bool is_tty() const = 0;
  virtual TerminalSize size() = 0;  // asked before each frame, so that a resize needs no signal
  // Takes the whole text or nothing (false: it is stopped or slow; try later). Never blocks.
  virtual bool write(std::string_view text) = 0;
  // Waits at most so long until everything that was taken is out; false if it is not.
  virtual bool drain(Milliseconds at_most) = 0;
};

// `file` stays the caller's. A terminal is opened a second time, so that only our own writes are
// non-blocking: the original is shared with the shell and with children.
std::unique_ptr<Terminal> real_terminal(int file);

}  // namespace cairn::progress
