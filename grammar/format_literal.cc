#include "grammar/format_literal.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "grammar/text_scan.h"

namespace cairn {

namespace {

using Units = std::array<std::pair<std::int64_t, const char*>, 5>;

std::size_t blanks(std::string_view line) {
  return skip_blanks(line, 0);
}

// Does a hole of this text go over lines? Then a new indentation could change a text inside of it.
bool hole_over_lines(std::string_view content) {
  for (std::size_t at = content.find("${"); at != std::string_view::npos; at = content.find("${", at + 1)) {
    int depth = 0;
    for (std::size_t i = at + 1; i < content.size(); ++i) {
      if (content[i] == '{') ++depth;
      if (content[i] == '}' && --depth == 0) break;
      if (content[i] == '\n') return true;
    }
  }
  return false;
}

}  // namespace

std::string write_literal(const syntax::NullLiteral&) {
  return "null";
}
std::string write_literal(const syntax::BoolLiteral& literal) {
  return literal.value ? "true" : "false";
}
std::string write_literal(const syntax::IntLiteral& literal) {
  return std::to_string(literal.value);
}

std::string write_literal(const syntax::FloatLiteral& literal) {
  std::array<char, 400> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), literal.value, std::chars_format::fixed);
  std::string out(buffer.data(), end);
  return error == std::errc{} && out.find('.') == std::string::npos ? out + ".0" : out;
}

std::string write_literal(const syntax::DurationLiteral& literal) {
  constexpr Units units{{{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}, {1, "ms"}}};
  std::string out;
  std::int64_t rest = literal.milliseconds;
  for (const auto& [factor, name] : units) {
    if (rest >= factor) out += std::to_string(rest / factor) + name;
    rest %= factor;
  }
  return out.empty() ? "0s" : out;
}

std::string write_literal(const syntax::SizeLiteral& literal) {
  constexpr Units units{
      {{1LL << 40, "TiB"}, {1LL << 30, "GiB"}, {1LL << 20, "MiB"}, {1LL << 10, "KiB"}, {1, "B"}}};
  for (const auto& [factor, name] : units) {
    if (literal.bytes >= factor && literal.bytes % factor == 0)
      return std::to_string(literal.bytes / factor) + name;
  }
  return "0B";
}

std::string write_escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = rune_at(text, at);
    switch (rune.code) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '$':
        out += text.substr(at, 2) == "${" ? "\\$" : "$";
        break;
      default:
        if (unprintable(rune.code)) {
          std::array<char, 8> digits{};
          const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), rune.code, 16).ptr;
          out += "\\u{" + std::string(digits.data(), end) + "}";
        } else {
          out += text.substr(at, rune.bytes);
        }
    }
    at += rune.bytes;
  }
  return out;
}

std::string reindented(const std::string& source, std::size_t indent) {
  const bool is_long = source.starts_with("\"\"\"") || source.starts_with("'''");
  const std::size_t newline = source.find('\n');
  if (!is_long || newline == std::string::npos || hole_over_lines(source)) return source;
  std::vector<std::string_view> lines;
  const std::string_view content = std::string_view(source).substr(newline + 1, source.size() - newline - 4);
  for (std::size_t at = 0;;) {
    const std::size_t end = content.find('\n', at);
    lines.push_back(content.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  // The same rule as in remove_indentation: lines of nothing but blanks do not count, the last one does.
  std::optional<std::string_view> shared;
  for (const std::string_view& line : lines) {
    const std::string_view lead = line.substr(0, blanks(line));
    if (lead.size() == line.size() && &line != &lines.back()) continue;
    if (!shared) shared = lead;
    std::size_t same = 0;
    while (same < shared->size() && same < lead.size() && (*shared)[same] == lead[same]) ++same;
    shared = shared->substr(0, same);
  }
  const std::string margin(indent, ' ');
  std::string out = source.substr(0, 3);
  for (const std::string_view& line : lines) {
    const bool closing = &line == &lines.back() && blanks(line) == line.size();
    std::size_t same = 0;
    while (same < shared->size() && same < line.size() && line[same] == (*shared)[same]) ++same;
    const std::string_view rest = closing ? std::string_view() : line.substr(same);
    out += "\n";
    if (!rest.empty() || closing) out += margin;
    out += rest;
  }
  return out + source.substr(source.size() - 3);
}

}  // namespace cairn
