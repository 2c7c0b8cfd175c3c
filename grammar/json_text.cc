#include "grammar/json_text.h"

#include "grammar/unicode.h"

namespace cairn {

std::string json_quote(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    if (!rune.valid) {
      out += "\xEF\xBF\xBD";
    } else if (rune.code == '"' || rune.code == '\\') {
      out += '\\';
      out += text[at];
    } else if (rune.code == '\n') {
      out += "\\n";
    } else if (rune.code == '\t') {
      out += "\\t";
    } else if (rune.code == '\r') {
      out += "\\r";
    } else if (rune.code < 0x20 || rune.code == 0x7F) {
      out += "\\u00";
      out += digits[rune.code >> 4];
      out += digits[rune.code & 15];
    } else {
      out += text.substr(at, rune.bytes);
    }
    at += rune.bytes;
  }
  return out + '"';
}

}  // namespace cairn
