// The disk as a seam, as far as records need it: a simulation loses what was not synced.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/effects/result.h"

namespace cairn {

// A file that only grows, but for cutting off a torn end.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual Result<Done> append(std::string_view bytes) = 0;  // after a failure some of the bytes may be there
  virtual Result<Done> sync() = 0;                          // what was appended survives a power cut
  virtual Result<Done> cut(std::uint64_t size) = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;
  // Creates it with mode 0600 if it is not there; never follows a link in its last part.
  virtual Result<std::unique_ptr<AppendFile>> open(const std::string& path) = 0;
  virtual Result<std::string> read(const std::string& path) = 0;
  // All of the text or the old content, whatever happens; mode 0600.
  virtual Result<Done> replace(const std::string& path, std::string_view text) = 0;
  virtual Result<Done> rename(const std::string& from, const std::string& to) = 0;
  // That a file was made, renamed or removed in this folder survives a power cut.
  virtual Result<Done> sync_folder(const std::string& path) = 0;
};

// Where a file is: "/" and "." are folders, too.
std::string folder_of(const std::string& path);

// The machine's own.
Disk& real_disk();

}  // namespace cairn
