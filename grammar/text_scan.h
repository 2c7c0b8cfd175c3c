// Looking around in a text that does not parse. Private to the parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "grammar/unicode.h"

namespace cairn {

inline bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
inline bool is_word_char(char c) {
  return is_word_start(c) || is_digit(c);
}

inline std::size_t line_begin(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  const std::size_t newline = text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}
// Where the line's last character ends, its CR LF or LF not counted.
inline std::size_t line_stop(std::string_view text, std::size_t at) {
  std::size_t end = text.find('\n', at);
  if (end == std::string_view::npos) end = text.size();
  while (end > at && text[end - 1] == '\r') --end;
  return end;
}
inline std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}
// The word that begins at `at`, hyphens inside included; empty if none does.
inline std::string_view word_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || !is_word_start(text[at])) return {};
  std::size_t end = at;
  while (end < text.size()) {
    std::size_t next = end;
    while (next < text.size() && text[next] == '-') ++next;
    if (next >= text.size() || !is_word_char(text[next])) break;
    end = next + 1;
  }
  return text.substr(at, end - at);
}
// The last character before `at` on its line that is no blank, or 0.
inline char before(std::string_view text, std::size_t at) {
  while (at > 0 && is_blank(text[at - 1])) --at;
  return at == 0 ? 0 : text[at - 1];
}

// One thing a reader would point at: a word, a number, a text, an operator, a single character.
struct Token {
  std::size_t begin = 0;
  std::size_t end = 0;
  enum class Kind { word, number, text, sign, line_end, file_end } kind = Kind::sign;
};
Token token_at(std::string_view text, std::size_t at);

inline std::string ticked(std::string_view text) {
  return "`" + std::string(text) + "`";
}

// As it is named after "found": "`=`", "`image`", "a text", "the end of the line".
std::string named(std::string_view text, const Token& token);

}  // namespace cairn
