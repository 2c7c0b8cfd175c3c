// Reading below a folder without ever leaving it. Private to inputs_real.cc and inputs_git.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interpreter/inputs.h"

namespace cairn {

class Folder {
 public:
  // Absolute; false in `open` when it cannot be opened.
  explicit Folder(const std::string& path);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  bool open() const { return descriptor_ >= 0; }
  const std::string& path() const { return path_; }

  // As a path below the folder: "." and ".." resolved in the text, an absolute one cut. Nothing when it leads
  // out.
  std::optional<std::string> below(std::string_view path) const;

  ReadAnswer read(std::string_view path, std::size_t largest) const;
  bool exists(std::string_view path) const;

  struct Entry {
    std::string name;
    bool folder = false;  // a real one: links are not entered
  };
  std::vector<Entry> entries(const std::string& path) const;  // sorted; "" is the folder itself

 private:
  int open_below(const std::string& path, int flags) const;

  std::string path_;
  int descriptor_ = -1;
};

// Whether a path fits a pattern: `*` and `?` within a name, `[a-z]`, `**` over any number of folders.
bool fits_pattern(std::string_view path, std::string_view pattern);

}  // namespace cairn
