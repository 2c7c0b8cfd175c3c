// A tar made piece by piece while somebody sends it: no temporary files, any size.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/text.h"
#include "runtime/effects/result.h"

namespace cairn::docker {

struct TarEntry {
  std::string path;       // in the tar
  std::string from = {};  // a file, folder (alone, not what it holds) or link of this machine; or
  Text content = Text();  // a file's text
  int mode = 0644;        // of `content`, or of a folder that is made
  bool folder = false;    // a folder that is of no place on this machine
};

// Owner and group are root, times are of 1970 when `timeless` (for builds: equal files, equal tar).
class TarWriter {
 public:
  TarWriter(std::vector<TarEntry> entries, bool timeless);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // The next piece; empty: the end, or failure() says why not.
  std::string next();
  const std::optional<Failure>& failure() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::docker
