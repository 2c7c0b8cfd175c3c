#include "runtime/progress/columns.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "runtime/scribe/utf8.h"

namespace cairn::progress {

namespace {

struct Range {
  char32_t first, last;
};

constexpr std::array<Range, 22> no_width = {
    {{0x0300, 0x036F}, {0x0483, 0x0489},  {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
     {0x06D6, 0x06DC}, {0x0900, 0x0902},  {0x093C, 0x093C}, {0x0941, 0x0948}, {0x0E31, 0x0E31},
     {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},  {0x1160, 0x11FF}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
     {0x200B, 0x200F}, {0x20D0, 0x20FF},  {0x2060, 0x2064}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
     {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}}};

constexpr std::array<Range, 26> two_wide = {
    {{0x1100, 0x115F},  {0x231A, 0x231B}, {0x23E9, 0x23EC}, {0x25FD, 0x25FE},   {0x2614, 0x2615},
     {0x2648, 0x2653},  {0x26A1, 0x26A1}, {0x26BD, 0x26BE}, {0x2705, 0x2705},   {0x270A, 0x270B},
     {0x2728, 0x2728},  {0x274C, 0x274C}, {0x2E80, 0x303E}, {0x3041, 0x33FF},   {0x3400, 0x4DBF},
     {0x4E00, 0x9FFF},  {0xA000, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
     {0xFE30, 0xFE6F},  {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1FAFF},
     {0x20000, 0x3FFFD}}};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t c) {
  for (const Range& range : ranges)
    if (c >= range.first && c <= range.last) return true;
  return false;
}

std::size_t columns_of_point(char32_t c) {
  if (c < 0x300) return 1;
  return within(no_width, c) ? 0 : within(two_wide, c) ? 2 : 1;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const scribe::CodePoint point = scribe::code_point_at(text, at);
    columns += columns_of_point(point.value);
    at += point.bytes;
  }
  return columns;
}

std::string cut_to(std::string_view text, std::size_t columns) {
  std::size_t used = 0;
  std::size_t fits = 0;  // bytes that leave a column for the mark
  for (std::size_t at = 0; at < text.size();) {
    const scribe::CodePoint point = scribe::code_point_at(text, at);
    used += columns_of_point(point.value);
    at += point.bytes;
    if (used > columns) return columns == 0 ? std::string() : std::string(text.substr(0, fits)) + "…";
    if (used < columns) fits = at;
  }
  return std::string(text);
}

std::string padded_to(std::string_view text, std::size_t columns) {
  std::string padded = cut_to(text, columns);
  padded.append(columns - columns_of(padded), ' ');
  return padded;
}

std::string shown_duration(double seconds) {
  seconds = std::max(0.0, seconds);
  if (seconds < 59.95) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  return fmt::format("{}h {:02}m", whole / 3600, whole % 3600 / 60);
}

std::string shown_clock(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::max(0.0, seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole % 3600 / 60, whole % 60);
}

std::string shown_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  constexpr std::array<std::string_view, 5> units = {"kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  for (value /= 1000; value >= 999.95 && unit + 1 < units.size(); value /= 1000) ++unit;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

}  // namespace cairn::progress
