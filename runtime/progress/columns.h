// How wide a text is on a terminal, and how to make it fit. For text without escapes (scribe::sanitised).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::progress {

// Columns: 0 for combining marks and joiners, 2 for East Asian wide and emoji (Unicode's EastAsianWidth.txt,
// W and F), 1 for all else. A tab counts as 1: views replace tabs first.
std::size_t columns_of(std::string_view text);
// The longest beginning that fits, with `…` as its last column if something was cut.
std::string cut_to(std::string_view text, std::size_t columns);
std::string padded_to(std::string_view text, std::size_t columns);  // cut, or filled with spaces

// "0.3s", "12.3s", "4m 05s", "2h 03m". `shown_clock` is for what still counts: "0:12", "12:05", "1:02:03".
std::string shown_duration(double seconds);
std::string shown_clock(double seconds);
std::string shown_bytes(std::uint64_t bytes);  // "812 B", "3.4 kB", "1.2 GB"

}  // namespace cairn::progress
