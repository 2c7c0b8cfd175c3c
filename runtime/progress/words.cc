#include "runtime/progress/words.h"

#include <fmt/format.h>

#include "runtime/progress/columns.h"

namespace cairn::progress {

std::string_view shown_outcome(Outcome outcome) {
  if (outcome == Outcome::timed_out) return "timed out";
  if (outcome == Outcome::not_needed) return "not needed";
  return name_of(outcome);
}

std::string shown_place(const FilePlace& place) {
  return place.column == 0 ? fmt::format("{}:{}", place.file, place.line)
                           : fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

std::string shown_waits(const std::vector<WaitsFor>& waits, std::size_t most) {
  constexpr std::array<std::string_view, 6> what = {"",      "lane ", "pool ", "lock ", "its next attempt",
                                                    "probe "};
  std::string text;
  for (std::size_t i = 0; i < waits.size() && i < most; ++i) {
    if (i != 0) text += ", ";
    text += what[static_cast<std::size_t>(waits[i].what)];
    if (!waits[i].name.empty()) text += "`" + waits[i].name + "`";
    if (!waits[i].why.empty()) text += " (" + waits[i].why + ")";
  }
  if (waits.size() > most) text += fmt::format(" and {} more", waits.size() - most);
  return text;
}

std::string shown_tests(const TestTotals& tests) {
  if (tests.all() == 0) return "no tests";
  std::string text = fmt::format("{} test{}", tests.all(), tests.all() == 1 ? "" : "s");
  if (tests.failed != 0) text += fmt::format(", {} failed", tests.failed);
  if (tests.errors != 0) text += fmt::format(", {} with errors", tests.errors);
  if (tests.skipped != 0) text += fmt::format(", {} skipped", tests.skipped);
  return text;
}

std::string shown_end(const RunFinished& end) {
  std::string text = end.exit_code == 0     ? "succeeded"
                     : end.exit_code == 130 ? "cancelled"
                                            : fmt::format("failed (exit code {})", end.exit_code);
  text += " in " + shown_duration(end.seconds);
  std::string_view before = ": ";
  for (std::size_t i = 0; i < outcome_count; ++i) {
    if (end.outcomes[i] == 0) continue;
    text += fmt::format("{}{} {}", before, end.outcomes[i], shown_outcome(static_cast<Outcome>(i)));
    before = ", ";
  }
  if (end.tests.all() != 0) text += "; " + shown_tests(end.tests);
  return text;
}

}  // namespace cairn::progress
