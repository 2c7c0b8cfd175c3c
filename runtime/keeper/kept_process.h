// One process that the keeper started, with what is left of its output.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "runtime/effects/clock.h"
#include "runtime/effects/file_descriptor.h"
#include "runtime/keeper/cgroups.h"
#include "runtime/keeper/keeper.h"
#include "runtime/keeper/log_lines.h"
#include "runtime/keeper/spawner.h"

namespace cairn::keeper {

class OutputPipe {
 public:
  OutputPipe() = default;
  OutputPipe(Stream stream, FileDescriptor reading_end, Mask mask)
      : stream_(stream), pipe_(std::move(reading_end)), mask_(std::move(mask)) {}

  bool open() const { return pipe_.open(); }
  int number() const { return pipe_.number(); }
  // Reads what is there, at most `most` bytes; false when the pipe is empty (or at its end, and closed by
  // that).
  bool drain(LogWriter& log, std::string& tail, std::size_t tail_bytes, std::size_t most);

 private:
  Stream stream_ = Stream::out;
  FileDescriptor pipe_;  // non-blocking
  Mask mask_;            // none: nothing to be masked
};

struct KeptProcess {
  enum class State {
    running,
    ended,    // waited for; what it started is being killed
    settled,  // reported; stays only while somebody who escaped still holds its output
  };

  std::uint64_t number = 0;
  pid_t pid = 0;
  std::string step;
  State state = State::running;
  int stop_signal = SIGTERM;
  Nanoseconds grace{};
  std::optional<Instant> kill_at;  // the tree is killed then
  Instant settle_by{};             // when ended: the latest time to report that
  std::array<OutputPipe, 2> pipes;
  LogWriter log;
  std::size_t tail_bytes = 0;
  Exit exit;
  Cgroup cgroup;  // if it has limits

  void drain_all();
  bool output_open() const { return pipes[0].open() || pipes[1].open(); }
};

}  // namespace cairn::keeper
