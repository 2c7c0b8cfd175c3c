// The log of a host process, in the form that all step logs have (runtime/scribe/log_line.h):
//   2026-03-04T05:06:07.890Z out | text     a line of stdout; `err` of stderr, `tool` a remark of cairn's own
//   2026-03-04T05:06:07.890Z out + text     the beginning of one whose rest follows in the next line of that
//   stream
// Nothing else is added or left out, so that stdout can be had back byte for byte.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/file_descriptor.h"
#include "runtime/effects/result.h"

namespace cairn::keeper {

enum class Stream { out, err, tool };

class LogWriter {
 public:
  LogWriter() = default;  // drops everything
  explicit LogWriter(FileDescriptor file) : file_(std::move(file)) {}
  void append(Stream stream, std::string_view piece, std::int64_t wall_clock_ms);
  // Bytes that the file has after the last append, others' included; 0 before the first.
  std::uint64_t end() const { return end_; }

 private:
  void write_whole(std::string_view lines, std::size_t output_bytes, std::int64_t wall_clock_ms);

  FileDescriptor file_;
  std::uint64_t end_ = 0;
  std::uint64_t lost_ = 0;  // bytes of output since the last successful write
};

// A line where it stands in the text that was read.
struct LogLineView {
  std::string_view time;  // as in the file
  Stream from = Stream::out;
  bool goes_on = false;  // its rest follows
  std::string_view text;
};

// Gives each line of `text` to `take`. Passes over what is no log line, and over a last line that has no end
// yet.
void each_log_line(std::string_view text, const std::function<void(const LogLineView&)>& take);

struct LogLine {
  std::string time;  // as in the file
  Stream from = Stream::out;
  bool goes_on = false;  // its rest follows
  std::string text;
};

// The same lines, kept.
std::vector<LogLine> parse_log(std::string_view text);

// What a stream said in the log file at `path`: newlines between its lines and, if there is any output, at
// the end.
Result<std::string> output_in_log(const std::string& path, Stream stream);

}  // namespace cairn::keeper
