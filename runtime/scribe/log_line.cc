#include "runtime/scribe/log_line.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace cairn::scribe {

namespace {

constexpr std::string_view time_shape = "dddd-dd-ddTdd:dd:dd.dddZ";

int number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  std::from_chars(text.data() + at, text.data() + at + digits, value);
  return value;
}

}  // namespace

std::string shown_time(std::int64_t wall_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(wall_ms)};
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<std::int64_t> read_time(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != time_shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool fits = time_shape[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == time_shape[i];
    if (!fits) return std::nullopt;
  }
  const year_month_day date(year(number(text, 0, 4)), month(static_cast<unsigned>(number(text, 5, 2))),
                            day(static_cast<unsigned>(number(text, 8, 2))));
  if (!date.ok()) return std::nullopt;
  const milliseconds within = hours(number(text, 11, 2)) + minutes(number(text, 14, 2)) +
                              seconds(number(text, 17, 2)) + milliseconds(number(text, 20, 3));
  return (sys_days(date).time_since_epoch() + within) / milliseconds(1);
}

void append_log_line(std::string& file, std::string_view time, Stream stream, std::string_view text,
                     bool goes_on) {
  file += time;
  file += ' ';
  file += name_of(stream);
  file += goes_on ? " + " : " | ";
  file += text;
  file += '\n';
}

std::optional<LogLine> read_log_line(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  const std::size_t time_ends = time_shape.size();
  if (line.size() < time_ends + 1 || line[time_ends] != ' ') return std::nullopt;
  const std::optional<std::int64_t> wall = read_time(line.substr(0, time_ends));
  std::string_view rest = line.substr(time_ends + 1);
  const std::size_t stream_ends = rest.find(' ');
  if (!wall || stream_ends == std::string_view::npos) return std::nullopt;
  const std::optional<Stream> stream = stream_named(rest.substr(0, stream_ends));
  rest.remove_prefix(stream_ends);
  const bool goes_on = rest.starts_with(" + ");
  if (!stream || (!goes_on && !rest.starts_with(" | "))) return std::nullopt;
  return LogLine{*wall, *stream, std::string(rest.substr(3)), goes_on};
}

}  // namespace cairn::scribe
