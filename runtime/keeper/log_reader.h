// Reads a log that somebody else is still writing, piece by piece.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "runtime/effects/file_descriptor.h"
#include "runtime/effects/result.h"
#include "runtime/keeper/log_lines.h"

namespace cairn::keeper {

// Used by one thread at a time.
class LogReader {
 public:
  LogReader() = default;  // nothing to read
  // Begins at the byte `from` of the file, which may not exist yet.
  LogReader(std::string path, std::uint64_t from) : path_(std::move(path)), at_(from) {}

  // Gives the whole lines between where it is and the byte `until` to `take`; what `take` is given is valid
  // until it returns. Stops early, and well, at the end of the file.
  Result<Done> read_to(std::uint64_t until, const std::function<void(const LogLineView&)>& take);
  // The byte at which the next line begins.
  std::uint64_t at() const { return at_; }

 private:
  std::string path_;
  std::uint64_t at_ = 0;
  FileDescriptor file_;
  std::string piece_;
};

}  // namespace cairn::keeper
