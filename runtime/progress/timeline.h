// A run drawn over time: one row a node, one bar a step, the chain that decided the end marked.
#pragma once

#include <string>

#include "runtime/progress/run_state.h"

namespace cairn::progress {

// HTML to stand in a page (labels and one SVG), and the CSS it needs. Empty if no step was started.
std::string timeline_body(const RunState& run);
std::string timeline_style();

// A whole file: `cairn show RUN --timeline out.html`.
std::string timeline_page(const RunState& run);

// For chrome://tracing and Perfetto:
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU (Trace Event Format):
// complete events ("X") in microseconds, one thread a node, one process a stage.
std::string chrome_trace(const RunState& run);

}  // namespace cairn::progress
