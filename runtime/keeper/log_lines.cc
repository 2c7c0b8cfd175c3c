#include "runtime/keeper/log_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>

namespace cairn::keeper {
namespace {

constexpr std::size_t kTimeLength = 24;  // "2026-03-04T05:06:07.890Z"

std::string_view name_of(Stream stream) {
  return stream == Stream::out ? "out" : stream == Stream::err ? "err" : "tool";
}

std::string format_time(std::int64_t wall_clock_ms) {
  const std::time_t seconds = static_cast<std::time_t>(wall_clock_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, wall_clock_ms % 1000);
}

// None: not a line of a log.
std::optional<LogLineView> parse_line(std::string_view line) {
  if (line.size() <= kTimeLength || line[kTimeLength] != ' ') return std::nullopt;
  LogLineView read;
  read.time = line.substr(0, kTimeLength);
  line.remove_prefix(kTimeLength + 1);
  for (const Stream stream : {Stream::out, Stream::err, Stream::tool}) {
    const std::string_view name = name_of(stream);
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    if (!line.starts_with(" | ") && !line.starts_with(" + ")) return std::nullopt;
    read.from = stream;
    read.goes_on = line[1] == '+';
    read.text = line.substr(3);
    return read;
  }
  return std::nullopt;
}

}  // namespace

void LogWriter::append(Stream stream, std::string_view piece, std::int64_t wall_clock_ms) {
  if (!file_.open() || piece.empty()) return;
  const std::string time = format_time(wall_clock_ms);
  const std::size_t output_bytes = piece.size();
  std::string lines;
  while (!piece.empty()) {
    const std::size_t newline = piece.find('\n');
    const bool whole = newline != std::string_view::npos;
    const std::string_view text = piece.substr(0, newline);
    lines.append(time).append(" ").append(name_of(stream));
    lines.append(whole ? " | " : " + ").append(text).push_back('\n');
    piece.remove_prefix(whole ? newline + 1 : piece.size());
  }
  write_whole(lines, output_bytes, wall_clock_ms);
}

void LogWriter::write_whole(std::string_view lines, std::size_t output_bytes, std::int64_t wall_clock_ms) {
  std::string with_gap;
  if (lost_ > 0) {
    with_gap = fmt::format("{} tool | {} bytes of output are missing here: they could not be written\n{}",
                           format_time(wall_clock_ms), lost_, lines);
    lines = with_gap;
  }
  const off_t before = lseek(file_.number(), 0, SEEK_END);
  std::size_t done = 0;
  while (done < lines.size()) {
    const ssize_t written = write(file_.number(), lines.data() + done, lines.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      // A full disk must not stop the process that writes: its output goes on being read, and the gap is
      // noted. Half a line is taken back.
      if (done > 0 && before >= 0 && ftruncate(file_.number(), before) != 0) return;
      lost_ += output_bytes;
      return;
    }
    done += static_cast<std::size_t>(written);
  }
  lost_ = 0;
  if (before >= 0) end_ = static_cast<std::uint64_t>(before) + lines.size();
}

void each_log_line(std::string_view text, const std::function<void(const LogLineView&)>& take) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return;
    if (const std::optional<LogLineView> line = parse_line(text.substr(0, end))) take(*line);
    text.remove_prefix(end + 1);
  }
}

std::vector<LogLine> parse_log(std::string_view text) {
  std::vector<LogLine> lines;
  each_log_line(text, [&](const LogLineView& line) {
    lines.push_back({std::string(line.time), line.from, line.goes_on, std::string(line.text)});
  });
  return lines;
}

Result<std::string> output_in_log(const std::string& path, Stream stream) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failure{fmt::format("could not read the log `{}`", path)}.because(std::strerror(errno));
  std::ostringstream text;
  text << file.rdbuf();
  std::string output;
  for (const LogLine& line : parse_log(text.str())) {
    if (line.from != stream) continue;
    output += line.text;
    if (!line.goes_on) output += '\n';
  }
  return output;
}

}  // namespace cairn::keeper
