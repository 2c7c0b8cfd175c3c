// UTF-8, as far as showing a line of text to people needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cairn {

struct Rune {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
  bool valid = true;
};

// The character at `at`, which must lie inside the text. A byte that begins no character is one invalid Rune.
Rune rune_at(std::string_view text, std::size_t at);

// Columns of a terminal it takes: 0, 1 or 2.
int rune_width(std::uint32_t code);

// Control characters, and those that reorder the text around them: never to be sent to a terminal as they
// are.
bool unprintable(std::uint32_t code);

// `text` with what is invalid or unprintable replaced by U+FFFD; newlines stay.
std::string printable(std::string_view text);

}  // namespace cairn
