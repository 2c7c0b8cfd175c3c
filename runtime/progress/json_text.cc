#include "runtime/progress/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "runtime/scribe/sanitise.h"

namespace cairn::progress {
namespace {

bool stands_for_itself(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

void append_escaped(std::string& to, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"':
        to += "\\\"";
        break;
      case '\\':
        to += "\\\\";
        break;
      case '\b':
        to += "\\b";
        break;
      case '\f':
        to += "\\f";
        break;
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\t':
        to += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < ' ')
          fmt::format_to(std::back_inserter(to), "\\u{:04x}", static_cast<unsigned>(c));
        else
          to += c;
    }
  }
}

}  // namespace

void append_json(std::string& to, std::string_view text) {
  to += '"';
  if (std::all_of(text.begin(), text.end(), stands_for_itself))
    to += text;
  else
    append_escaped(to, scribe::valid_utf8(text));
  to += '"';
}

void append_json(std::string& to, double number) {
  if (!std::isfinite(number)) {
    to += "null";
    return;
  }
  const std::size_t begin = to.size();
  fmt::format_to(std::back_inserter(to), "{}", number);
  if (to.find_first_of(".e", begin) == std::string::npos) to += ".0";
}

}  // namespace cairn::progress
