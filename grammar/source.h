// The texts a program is made of. Spans point into them; this is the only place that knows lines and columns.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/span.h"

namespace cairn {

// One-based; a column counts characters (code points), not bytes.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

struct Source {
  std::string name;  // as shown to people: "shop.stack", "std/postgres"
  std::string path;  // the real path, empty for embedded and typed-in text
  std::string text;  // bytes as read; a BOM and CR LF are kept, so that offsets are true
  std::vector<std::uint32_t> line_starts;
  bool one_byte_each = true;  // no character has more: columns need not be counted
};

// Owns every text of a run. References stay valid when more are added.
class Sources {
 public:
  std::uint32_t add(std::string name, std::string path, std::string text);
  const Source& at(std::uint32_t file) const { return sources_[file]; }
  std::size_t size() const { return sources_.size(); }

  Place place(std::uint32_t file, std::uint32_t offset) const;
  std::string_view text(Span span) const;
  std::string_view line(std::uint32_t file, std::uint32_t line) const;  // without its line end
  std::string show(Span span) const;                                    // "shop.stack:6:7"

 private:
  std::deque<Source> sources_;
};

}  // namespace cairn
