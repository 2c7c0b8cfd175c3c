#include "runtime/keeper/log_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

namespace cairn::keeper {
namespace {

constexpr std::size_t kTimeLength = 27;  // "2026-03-04T05:06:07.890123Z"

}  // namespace

std::string format_time(std::int64_t wall_clock_us) {
  const std::time_t seconds = static_cast<std::time_t>(wall_clock_us / 1'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, wall_clock_us % 1'000'000);
}

void LogWriter::append(Stream stream, std::string_view piece, std::int64_t wall_clock_us) {
  if (!file_.open() || piece.empty()) return;
  const std::string time = format_time(wall_clock_us);
  const std::size_t output_bytes = piece.size();
  std::string lines;
  while (!piece.empty()) {
    const std::size_t newline = piece.find('\n');
    const bool whole = newline != std::string_view::npos;
    const std::string_view text = piece.substr(0, newline);
    lines.append(time).append(" ").push_back(static_cast<char>(stream));
    lines.append(whole ? " " : "+ ").append(text).push_back('\n');
    piece.remove_prefix(whole ? newline + 1 : piece.size());
  }
  write_whole(lines, output_bytes, wall_clock_us);
}

void LogWriter::write_whole(std::string_view lines, std::size_t output_bytes, std::int64_t wall_clock_us) {
  std::string with_gap;
  if (lost_ > 0) {
    with_gap = fmt::format("{} ! {} bytes of output are missing here: they could not be written\n{}",
                           format_time(wall_clock_us), lost_, lines);
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
}

std::vector<LogLine> parse_log(std::string_view text) {
  std::vector<LogLine> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.size() < kTimeLength + 3 || line[kTimeLength] != ' ') continue;
    const char from = line[kTimeLength + 1];
    const bool whole = line[kTimeLength + 2] == ' ';
    if (from != 'o' && from != 'e' && from != '!') continue;
    lines.push_back({std::string(line.substr(0, kTimeLength)), from, whole,
                     std::string(line.substr(std::min(line.size(), kTimeLength + (whole ? 3 : 4))))});
  }
  return lines;
}

Result<std::string> output_in_log(const std::string& path, Stream stream) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failure{fmt::format("could not read the log `{}`", path)}.because(std::strerror(errno));
  std::ostringstream text;
  text << file.rdbuf();
  std::string output;
  for (const LogLine& line : parse_log(text.str())) {
    if (line.from != static_cast<char>(stream)) continue;
    output += line.text;
    if (line.whole) output += '\n';
  }
  return output;
}

}  // namespace cairn::keeper
