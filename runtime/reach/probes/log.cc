#include "runtime/reach/probes/log.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <memory>
#include <utility>

namespace cairn::reach {
namespace {

// Of a line that does not end, no more is kept.
constexpr std::size_t kLongestLine = 65536;

// What has been read so far; a look reads only what is new.
struct Reader {
  explicit Reader(const std::string& its_pattern) : pattern(its_pattern, RE2::Quiet) {}

  const RE2 pattern;  // time and stack do not grow with what a line holds, as those of std::regex do
  std::uint64_t next = 0;
  std::array<std::string, 2> unfinished;  // lines without their end, of stdout and stderr
  std::string last_line;
  std::uint64_t lines = 0;

  bool matches(const LogPiece::Line& line) {
    std::string& text = unfinished[line.of_stderr ? 1 : 0];
    text += line.text;
    if (text.size() > kLongestLine) text.resize(kLongestLine);
    const bool found = RE2::PartialMatch(text, pattern);
    if (!text.empty()) last_line = text;
    if (!line.goes_on) {
      ++lines;
      text.clear();
    }
    return found;
  }
};

}  // namespace

Result<Look> log_look(LogProbe probe, ProbeTarget& target) {
  const auto reader = std::make_shared<Reader>(probe.pattern);
  if (!reader->pattern.ok())
    return Failure{fmt::format("`{}` is no regular expression", probe.pattern)}.because(
        reader->pattern.error());
  return Look([reader, &target](const Attempt& attempt) {
    const Result<LogPiece> piece = target.log_after(reader->next, attempt);
    if (!piece) return Seen{false, piece.failure().message};
    reader->next = piece->next;
    for (const LogPiece::Line& line : piece->lines) {
      if (reader->matches(line)) return Seen{true, reader->last_line};
    }
    if (reader->last_line.empty()) return Seen{false, "it has said nothing"};
    return Seen{false, fmt::format("no such line, the last of {} is `{}`", reader->lines, reader->last_line)};
  });
}

}  // namespace cairn::reach
