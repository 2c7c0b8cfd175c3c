// Makes what a container or a process printed safe to show: it may not move the cursor, write the clipboard,
// set the window's title, forge other lines, or give orders to the CI system that reads our output.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn::scribe {

// Which system reads our standard output and obeys commands in it.
enum class Ci { none, github, azure };

struct Shown {
  bool colour = false;      // keep SGR (colours, bold); the result then ends in a reset if there was any
  Ci ci = Ci::none;         // break this system's commands (in fact those of all, unless none)
  bool one_line = true;     // a line feed becomes a visible mark as well; otherwise it stays
  std::size_t longest = 0;  // bytes of text to keep, 0 for all; what is cut is said
};

// Removes ESC sequences (CSI, OSC, DCS, SOS, PM, APC, also those without an end), C0 but tab and line feed,
// DEL, C1 and the characters that reorder or hide text (bidirectional overrides and isolates, U+2028,
// U+2029). A carriage return within the line, which would let the rest cover the beginning, is shown as ␍.
// Invalid UTF-8 becomes U+FFFD. Linear in the text; the result is valid UTF-8.
std::string sanitised(std::string_view text, const Shown& how = {});

// Breaks `##vso[`, `##[` and `##teamcity[` anywhere and `::` at the beginning of a line, so that neither
// Azure (Command.TryParse searches the whole line) nor GitHub (ActionCommand: `##[` anywhere, `::` after
// white space) obeys. Only for text that is already sanitised: an escape in the middle would hide a command
// from this function.
std::string with_broken_commands(std::string_view text);

// Valid UTF-8 with U+FFFD for each maximal invalid part; control characters stay.
std::string valid_utf8(std::string_view text);

}  // namespace cairn::scribe
