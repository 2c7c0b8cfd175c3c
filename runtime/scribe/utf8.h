// One code point at a time, from bytes that nobody promised to be UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn::scribe {

struct CodePoint {
  char32_t value = 0xFFFD;
  std::size_t bytes = 1;  // how far to go on; at least 1
  bool valid = false;
};

// The code point at `at` (< text.size()). Overlong forms, surrogates and values above U+10FFFF are invalid;
// an invalid part is as long as the Unicode Standard's "maximal subpart" (§3.9).
CodePoint code_point_at(std::string_view text, std::size_t at);
void append_utf8(std::string& text, char32_t code_point);

}  // namespace cairn::scribe
