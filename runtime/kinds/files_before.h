// What lies where a step promises files, before it begins: what has not changed by its end is not the step's.
// No clock is asked, since one that jumps would make old files new and new ones old.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/effects/clock.h"

namespace cairn::kinds {

// What `pattern` (a path, with `*`, `?` and `[…]`) matches now, sorted.
std::vector<std::string> matches_of(const std::string& pattern);

class FilesBefore {
 public:
  FilesBefore() = default;  // nothing was there
  // Looks at all that the patterns match, folders with everything below. It waits for as long as a file
  // system cannot tell two writes apart when something there was written just now.
  FilesBefore(const std::vector<std::string>& patterns, Clock& clock);

  // Whether it was written, replaced or made since; a folder also when anything below it was, or has gone.
  bool has_changed(const std::string& path) const;

 private:
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;  // of the last write
    bool operator==(const Stamp&) const = default;
  };
  using Tree = std::map<std::string, Stamp>;  // by path: the match itself, and what is below it
  static Tree tree_of(const std::string& path);

  std::map<std::string, Tree> matches_;
};

}  // namespace cairn::kinds
