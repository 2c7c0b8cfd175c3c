#include "grammar/text_scan.h"

#include <algorithm>
#include <array>

namespace cairn {

namespace {

std::size_t text_end(std::string_view text, std::size_t at) {
  const char quote = text[at];
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != quote && text[end] != '\n') {
    end += quote == '"' && text[end] == '\\' && end + 1 < text.size() && text[end + 1] != '\n' ? 2 : 1;
  }
  if (end < text.size() && text[end] == quote) return end + 1;
  return line_stop(text, at);
}

}  // namespace

Token token_at(std::string_view text, std::size_t at) {
  using Kind = Token::Kind;
  if (at >= text.size()) return {text.size(), text.size(), Kind::file_end};
  const char c = text[at];
  const bool ends = c == '\n' || text.substr(at, 2) == "\r\n" || c == '#';
  if (ends) return {at, at, Kind::line_end};
  if (const std::string_view word = word_at(text, at); !word.empty())
    return {at, at + word.size(), Kind::word};
  if (is_digit(c)) {
    std::size_t end = at;
    while (end < text.size() && (is_word_char(text[end]) ||
                                 (text[end] == '.' && end + 1 < text.size() && is_digit(text[end + 1]))))
      ++end;
    return {at, end, Kind::number};
  }
  if (c == '"' || c == '\'') return {at, text_end(text, at), Kind::text};
  static constexpr std::array<std::string_view, 15> signs{"...", "${", "==", "=>", "!=", "<=", ">=", "&&",
                                                          "||",  "->", ":=", "+=", "//", "/*", "::"};
  for (const std::string_view sign : signs) {
    if (text.substr(at, sign.size()) == sign) return {at, at + sign.size(), Kind::sign};
  }
  return {at, at + rune_at(text, at).bytes, Kind::sign};
}

std::string named(std::string_view text, const Token& token) {
  switch (token.kind) {
    case Token::Kind::file_end:
      return "the end of the file";
    case Token::Kind::line_end:
      return "the end of the line";
    default:
      break;
  }
  std::string_view shown = text.substr(token.begin, token.end - token.begin);
  constexpr std::size_t longest = 40;
  if (shown.size() <= longest) return "`" + std::string(shown) + "`";
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;
  return "`" + std::string(shown.substr(0, end)) + "…`";
}

}  // namespace cairn
