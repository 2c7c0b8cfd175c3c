#include "runtime/scribe/sanitise.h"

#include <fmt/format.h>

#include "runtime/scribe/utf8.h"

namespace cairn::scribe {

namespace {

bool is_reordering(char32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 ||
         c == 0x200E || c == 0x200F || c == 0x061C;
}

struct Sequence {
  std::size_t end = 0;  // one past its last byte
  bool colour = false;  // a complete SGR
};

// A control sequence whose parameters begin at `at`: CSI P…P I…I F (ECMA-48, 5.4).
Sequence control_sequence(std::string_view text, std::size_t at) {
  bool plain = true;  // only what SGR has: digits, `;` and `:`
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x40 && byte <= 0x7E) return {at + 1, plain && byte == 'm'};
    if (byte < 0x20 || byte > 0x3F)
      return {at, false};  // not a sequence after all; what follows is judged anew
    plain = plain && ((byte >= '0' && byte <= '9') || byte == ';' || byte == ':');
    ++at;
  }
  return {at, false};
}

// A control string (OSC, DCS, SOS, PM, APC) whose content begins at `at`: up to BEL or ST. One that does not
// end swallows no more than its line.
std::size_t control_string(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == '\x07') return at + 1;
    if (text[at] == '\n') return at;
    if (text[at] == '\x1b') return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
    if (text[at] == '\xc2' && at + 1 < text.size() && text[at + 1] == '\x9c') return at + 2;
  }
  return at;
}

Sequence escape_sequence(std::string_view text, std::size_t escape) {
  const std::size_t at = escape + 1;
  if (at >= text.size()) return {at, false};
  switch (text[at]) {
    case '[':
      return control_sequence(text, at + 1);
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
      return {control_string(text, at + 1), false};
    default:
      break;
  }
  std::size_t end = at;
  while (end < text.size() && text[end] >= 0x20 && text[end] <= 0x2F) ++end;  // intermediates, as in ESC ( B
  if (end < text.size() && text[end] >= 0x30 && text[end] <= 0x7E) ++end;
  return {end, false};
}

}  // namespace

std::string sanitised(std::string_view text, const Shown& how) {
  std::string clean;
  clean.reserve(how.longest == 0 ? text.size() : std::min(text.size(), how.longest + 64));
  bool coloured = false;
  std::size_t at = 0;
  while (at < text.size()) {
    if (how.longest != 0 && clean.size() >= how.longest) break;
    const CodePoint point = code_point_at(text, at);
    const char32_t c = point.value;
    if (c == 0x1B) {
      const Sequence sequence = escape_sequence(text, at);
      if (sequence.colour && how.colour) {
        clean += text.substr(at, sequence.end - at);
        coloured = true;
      }
      at = sequence.end;
      continue;
    }
    const std::size_t next = at + point.bytes;
    if (c == 0x9B) {
      at = control_sequence(text, next).end;
      continue;
    }
    if (c == 0x90 || c == 0x98 || c == 0x9D || c == 0x9E || c == 0x9F) {
      at = control_string(text, next);
      continue;
    }
    at = next;
    if (c == '\n') {
      clean += how.one_line ? "␊" : "\n";
    } else if (c == '\r') {
      // Before a line end, or at the end, it is only the other half of the line end.
      if (at < text.size() && text[at] != '\n') clean += "␍";
    } else if (c == '\t') {
      clean += '\t';
    } else if (c < 0x20 || c == 0x7F || (c >= 0x80 && c <= 0x9F) || is_reordering(c)) {
      continue;
    } else {
      append_utf8(clean, c);
    }
  }
  if (coloured) clean += "\x1b[0m";
  if (at < text.size()) clean += fmt::format(" … ({} more bytes)", text.size() - at);
  return how.ci == Ci::none ? clean : with_broken_commands(clean);
}

std::string with_broken_commands(std::string_view text) {
  const auto begins = [&](std::size_t at, std::string_view lower) {
    if (text.size() - at < lower.size()) return false;
    for (std::size_t i = 0; i < lower.size(); ++i) {
      const char c = text[at + i];
      if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
    }
    return true;
  };
  std::string broken;
  broken.reserve(text.size());
  bool line_is_blank = true;  // nothing but white space so far
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    broken += c;
    const bool hashes = c == '#' && (begins(at, "##vso[") || begins(at, "##[") || begins(at, "##teamcity["));
    const bool colons = line_is_blank && begins(at, "::");
    if (hashes || colons) broken += ' ';
    line_is_blank = c == '\n' || (line_is_blank && (c == ' ' || c == '\t'));
  }
  return broken;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    append_utf8(valid, point.value);
    at += point.bytes;
  }
  return valid;
}

}  // namespace cairn::scribe
