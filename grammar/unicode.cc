#include "grammar/unicode.h"

#include <array>

namespace cairn {

namespace {

struct Range {
  std::uint32_t first, last;
};

template <std::size_t Count>
bool within(const std::array<Range, Count>& ranges, std::uint32_t code) {
  for (const Range& range : ranges) {
    if (code >= range.first && code <= range.last) return true;
  }
  return false;
}

// Unicode Standard Annex 11 (wide and fullwidth) and the combining blocks, in the coarse ranges that
// terminals use.
constexpr std::array<Range, 12> wide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},
                                      {0x4E00, 0x9FFF},
                                      {0xA000, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 7> narrow{{{0x0300, 0x036F},
                                       {0x1AB0, 0x1AFF},
                                       {0x1DC0, 0x1DFF},
                                       {0x200B, 0x200D},
                                       {0x20D0, 0x20FF},
                                       {0xFE00, 0xFE0F},
                                       {0xFE20, 0xFE2F}}};

}  // namespace

Rune rune_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return {0xFFFD, 1, false};
  std::uint32_t code = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0xFFFD, 1, false};
    code = (code << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool outside = (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF;
  if (overlong || outside) return {0xFFFD, 1, false};
  return {code, length, true};
}

int rune_width(std::uint32_t code) {
  if (code < 0x300) return 1;
  if (within(narrow, code)) return 0;
  return within(wide, code) ? 2 : 1;
}

bool unprintable(std::uint32_t code) {
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool reorders = code == 0x200E || code == 0x200F || code == 0x061C ||
                        (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return control || reorders || code == 0x2028 || code == 0x2029 || code == 0xFEFF;
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    const bool keep = rune.valid && (!unprintable(rune.code) || rune.code == '\n');
    out += keep ? text.substr(at, rune.bytes) : std::string_view("\xEF\xBF\xBD");
    at += rune.bytes;
  }
  return out;
}

}  // namespace cairn
