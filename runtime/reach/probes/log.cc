#include "runtime/reach/probes/log.h"

#include <fmt/format.h>

#include <array>
#include <memory>

namespace cairn::reach {
namespace {

// std::regex recurses once for each character that it looks at.
constexpr std::size_t kLongestLine = 4096;

// What has been read so far; a look reads only what is new.
struct Reader {
  std::regex pattern;
  std::uint64_t next = 0;
  std::array<std::string, 2> unfinished;  // lines without their end, of stdout and stderr
  std::string last_line;
  std::uint64_t lines = 0;

  bool matches(const LogPiece::Line& line) {
    std::string& text = unfinished[line.of_stderr ? 1 : 0];
    text += line.text;
    if (text.size() > kLongestLine) text.resize(kLongestLine);
    const bool found = std::regex_search(text, pattern);
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
  const auto reader = std::make_shared<Reader>();
  try {
    reader->pattern = std::regex(probe.pattern, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    return Failure{fmt::format("`{}` is no regular expression", probe.pattern)}.because(error.what());
  }
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
