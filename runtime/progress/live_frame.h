// What the live view shows at one moment. Pure, so that it can be looked at in a golden file.
#pragma once

#include <string>
#include <vector>

#include "runtime/progress/run_state.h"
#include "runtime/progress/terminal.h"

namespace cairn::progress {

// Lines without line ends, none wider than the terminal less one column, fewer than it has rows. With
// `colour`, each line ends with a reset.
std::vector<std::string> live_frame(const RunState& run, std::int64_t now_ms, TerminalSize size, bool colour);

// What stays above the live part for good: the ends of steps that took time or went wrong, warnings, deaths.
// With line ends; empty for what the live part alone shows.
std::string lasting_lines(const Event& event, const RunState& run, bool colour);

}  // namespace cairn::progress
