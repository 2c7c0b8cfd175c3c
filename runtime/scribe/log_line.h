// How a line of a step's log stands in its file: `2026-11-21T10:25:49.123Z out | text`.
// A line longer than Scribe::longest_line is cut into several; all but the last have `+` in place of `|`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/scribe/stream.h"

namespace cairn::scribe {

struct LogLine {
  std::int64_t wall_ms = 0;  // since 1970
  Stream stream = Stream::out;
  std::string text;      // without its line end
  bool goes_on = false;  // the next line of the same stream belongs to this one
  bool operator==(const LogLine&) const = default;
};

// `time` as shown_time() has it: one for all lines of a moment.
void append_log_line(std::string& file, std::string_view time, Stream stream, std::string_view text,
                     bool goes_on);
std::optional<LogLine> read_log_line(std::string_view line);  // nothing if it has not this form

// "2026-11-21T10:25:49.123Z" and back; nothing for anything else.
std::string shown_time(std::int64_t wall_ms);
std::optional<std::int64_t> read_time(std::string_view text);

}  // namespace cairn::scribe
