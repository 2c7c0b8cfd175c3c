// The log of a host process: one line for each line of output,
//   2026-03-04T05:06:07.890123Z o text      of stdout
//   2026-03-04T05:06:07.890123Z e text      of stderr
//   2026-03-04T05:06:07.890123Z ! text      cairn's own remark, such as how much was lost to a full disk
// with `o+` and `e+` for the beginning of a line whose rest follows in the next line of that stream. Nothing
// else is added or left out, so stdout can be had back byte for byte but for a missing last newline.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/file_descriptor.h"
#include "runtime/effects/result.h"

namespace cairn::keeper {

enum class Stream : char { out = 'o', err = 'e' };

class LogWriter {
 public:
  LogWriter() = default;  // drops everything
  explicit LogWriter(FileDescriptor file) : file_(std::move(file)) {}
  void append(Stream stream, std::string_view piece, std::int64_t wall_clock_us);

 private:
  void write_whole(std::string_view lines, std::size_t output_bytes, std::int64_t wall_clock_us);

  FileDescriptor file_;
  std::uint64_t lost_ = 0;  // bytes of output since the last successful write
};

struct LogLine {
  std::string time;  // as in the file
  char from = 'o';   // 'o', 'e' or '!'
  bool whole = true;
  std::string text;
};

// None of the lines for a text that is no log line. Takes complete lines only.
std::vector<LogLine> parse_log(std::string_view text);

// What a stream said in the log file at `path`: newlines between its lines and, if there is any output, at
// the end.
Result<std::string> output_in_log(const std::string& path, Stream stream);

std::string format_time(std::int64_t wall_clock_us);

}  // namespace cairn::keeper
