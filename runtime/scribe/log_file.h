// The disk, as far as logs need it: a seam, so that a full disk can be played.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/effects/result.h"

namespace cairn::scribe {

// One log that only grows. Used by one thread at a time.
class LogFile {
 public:
  virtual ~LogFile() = default;
  struct Written {
    std::size_t bytes = 0;  // from the beginning of what was given
    std::string problem;    // empty when everything was written
  };
  virtual Written append(std::string_view bytes) = 0;
};

class LogFolder {
 public:
  virtual ~LogFolder() = default;
  // Creates it if it is not there, otherwise goes on at its end.
  virtual Result<std::unique_ptr<LogFile>> open(const std::string& name) = 0;
};

// Files of mode 0600 directly within `folder`, which must exist.
std::unique_ptr<LogFolder> real_log_folder(std::string folder);

}  // namespace cairn::scribe
