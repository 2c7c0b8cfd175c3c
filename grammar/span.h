// Where something stands in the text: a file and a half-open range of byte offsets. A leaf: includes nothing
// of ours. Lines and columns exist only in the renderer (source.h).
#pragma once

#include <cstdint>

namespace cairn {

struct Span {
  static constexpr std::uint32_t no_file = 0xffffffff;
  std::uint32_t file = no_file;  // index into Sources
  std::uint32_t begin = 0;       // first byte
  std::uint32_t end = 0;         // one past the last byte

  bool known() const { return file != no_file; }
  bool operator==(const Span&) const = default;
};

// The smallest span that holds both; both must be of one file.
inline Span cover(Span a, Span b) {
  return {a.file, a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

}  // namespace cairn
