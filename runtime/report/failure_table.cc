#include <fmt/format.h>

#include <algorithm>

#include "runtime/progress/columns.h"
#include "runtime/progress/words.h"
#include "runtime/report/run_report.h"
#include "runtime/report/xml_document.h"
#include "runtime/scribe/sanitise.h"

namespace cairn::report {

namespace {

constexpr std::size_t most_tests = 20;        // of one step; the report has all
constexpr std::size_t most_detail_lines = 8;  // of one test

class Table {
 public:
  Table(std::size_t columns, bool colour) : columns_(std::max<std::size_t>(40, columns)), colour_(colour) {}

  void line(std::size_t indent, std::string_view text, std::string_view code = {}) {
    std::string clean = scribe::sanitised(text, {.longest = 4096});
    std::replace(clean.begin(), clean.end(), '\t', ' ');
    text_.append(indent, ' ');
    const std::string fits = progress::cut_to(clean, columns_ - indent);
    text_ += colour_ && !code.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, fits) : fits;
    text_ += '\n';
  }
  void blank() { text_ += '\n'; }
  std::string take() { return std::move(text_); }

 private:
  const std::size_t columns_;
  const bool colour_;
  std::string text_;
};

void add_test(const TestCase& test, Table& table) {
  table.line(4,
             fmt::format("✗ {}{}{}", test.classname.empty() ? test.suite : test.classname,
                         test.classname.empty() && test.suite.empty() ? "" : " › ", test.name),
             "31");
  if (!test.message.empty()) table.line(6, first_line_of(test.message));
  if (!test.file.empty())
    table.line(6, test.line == 0 ? test.file : fmt::format("{}:{}", test.file, test.line), "2");
}

}  // namespace

std::string failure_table(const RunReport& report, std::size_t columns, bool colour) {
  Table table(columns, colour);
  const std::vector<const progress::StepState*> troubled = troubled_steps(report);
  for (const progress::StepState* step : troubled) {
    const progress::StepFinished& end = *step->end;
    table.blank();
    table.line(0,
               fmt::format("✗ {}  {} after {}{}", step->path, progress::shown_outcome(end.outcome),
                           progress::shown_duration(end.seconds),
                           end.allowed_to_fail ? " (allowed to fail: not counted)" : ""),
               "1;31");
    if (!end.reason.empty()) table.line(4, end.reason);
    for (const std::string& cause : end.causes) table.line(4, "because " + cause);
    if (end.place.known()) table.line(4, "at " + progress::shown_place(end.place), "2");
    std::size_t shown = 0;
    std::size_t failed = 0;
    for (const StepTests& tests : report.tests) {
      if (tests.step != step->path) continue;
      for (const TestCase& test : tests.report.cases) {
        if (test.outcome != TestOutcome::failed && test.outcome != TestOutcome::error) continue;
        ++failed;
        if (shown == most_tests) continue;
        ++shown;
        add_test(test, table);
      }
    }
    if (failed > shown) table.line(4, fmt::format("… and {} more", failed - shown), "2");
    if (failed == 0) {
      const std::size_t from =
          end.log_tail.size() > most_detail_lines ? end.log_tail.size() - most_detail_lines : 0;
      for (std::size_t i = from; i < end.log_tail.size(); ++i) table.line(4, "│ " + end.log_tail[i], "2");
    }
    if (!end.help.empty()) table.line(4, "help: " + end.help);
    if (const std::size_t skipped = skipped_because_of(report, step->path); skipped != 0)
      table.line(4, fmt::format("{} step{} did not run because of this", skipped, skipped == 1 ? "" : "s"),
                 "2");
  }
  return table.take();
}

}  // namespace cairn::report
