#include <fmt/format.h>

#include <map>

#include "runtime/progress/words.h"
#include "runtime/report/run_report.h"
#include "runtime/scribe/log_line.h"
#include "runtime/scribe/utf8.h"

namespace cairn::report {

namespace {

// Text for XML 1.0: what may not stand in it at all (most control characters, surrogates, U+FFFE) becomes
// U+FFFD; escapes of a terminal become visible, but harmless. `&#10;` keeps line ends within attributes.
std::string xml(std::string_view text, bool attribute) {
  std::string escaped;
  escaped.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const scribe::CodePoint point = scribe::code_point_at(text, at);
    at += point.bytes;
    const char32_t c = point.value;
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += attribute ? "&quot;" : "\"";
        break;
      case '\n':
        escaped += attribute ? "&#10;" : "\n";
        break;
      case '\t':
        escaped += attribute ? "&#9;" : "\t";
        break;
      case '\r':
        escaped += "&#13;";
        break;
      default: {
        const bool forbidden = c < 0x20 || c == 0xFFFE || c == 0xFFFF || (c >= 0x7F && c <= 0x9F);
        scribe::append_utf8(escaped, forbidden ? char32_t{0xFFFD} : c);
      }
    }
  }
  return escaped;
}

std::string attribute(std::string_view name, std::string_view value) {
  return fmt::format(" {}=\"{}\"", name, xml(value, true));
}

std::string element_of(const TestCase& test) {
  std::string text = "    <testcase" + attribute("name", test.name);
  text += attribute("classname", test.classname.empty() ? test.suite : test.classname);
  text += fmt::format(" time=\"{:.3f}\"", test.seconds);
  std::string inside;
  if (test.outcome == TestOutcome::skipped) {
    inside += "      <skipped" + (test.message.empty() ? "" : attribute("message", test.message)) + "/>\n";
  } else if (test.outcome != TestOutcome::passed) {
    const std::string_view element = test.outcome == TestOutcome::failed ? "failure" : "error";
    std::string details = test.details;
    if (!test.file.empty())
      details =
          fmt::format("{}{}\n{}", test.file, test.line == 0 ? "" : fmt::format(":{}", test.line), details);
    inside += fmt::format("      <{0}{1} type=\"{0}\">{2}</{0}>\n", element,
                          attribute("message", test.message), xml(details, false));
  }
  if (!test.out.empty()) inside += "      <system-out>" + xml(test.out, false) + "</system-out>\n";
  if (!test.err.empty()) inside += "      <system-err>" + xml(test.err, false) + "</system-err>\n";
  return inside.empty() ? text + "/>\n" : text + ">\n" + inside + "    </testcase>\n";
}

struct Suite {
  std::string name;
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<TestCase> cases;
};

std::vector<Suite> suites_of(const RunReport& report) {
  std::vector<Suite> suites;
  for (const StepTests& tests : report.tests) {
    std::map<std::string, std::size_t> by_name;  // within this report; the order is that of the report
    for (const TestCase& test : tests.report.cases) {
      const auto [found, is_new] = by_name.try_emplace(test.suite, suites.size());
      if (is_new) {
        Suite& suite = suites.emplace_back();
        suite.name = test.suite.empty() ? tests.node : tests.node + " › " + test.suite;
        suite.properties = {{"cairn.step", tests.step}, {"cairn.report", tests.path}};
      }
      suites[found->second].cases.push_back(test);
    }
  }
  Suite steps;
  steps.name = "cairn";
  for (const progress::StepState* step : troubled_steps(report)) {
    if (step->end->allowed_to_fail) continue;
    bool told = false;
    for (const StepTests& tests : report.tests) {
      const progress::TestTotals totals = totals_of(tests.report.cases);
      told = told || (tests.step == step->path && totals.failed + totals.errors > 0);
    }
    if (told) continue;
    TestCase test;
    test.suite = steps.name;
    test.name = step->path;
    test.classname = step->node;
    test.outcome = TestOutcome::error;
    test.seconds = step->end->seconds;
    test.message = fmt::format("{}{}{}", progress::shown_outcome(step->end->outcome),
                               step->end->reason.empty() ? "" : ": ", step->end->reason);
    for (const std::string& cause : step->end->causes) test.details += "because " + cause + "\n";
    if (step->end->place.known()) {
      test.file = step->end->place.file;
      test.line = step->end->place.line;
    }
    for (const std::string& line : step->end->log_tail) test.out += line + "\n";
    steps.cases.push_back(std::move(test));
  }
  if (!steps.cases.empty()) suites.push_back(std::move(steps));
  return suites;
}

std::string counts(const std::vector<TestCase>& cases) {
  const progress::TestTotals totals = totals_of(cases);
  double seconds = 0;
  for (const TestCase& test : cases) seconds += test.seconds;
  return fmt::format(" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"",
                     totals.all(), totals.failed, totals.errors, totals.skipped, seconds);
}

}  // namespace

std::string merged_junit(const RunReport& report) {
  const std::vector<Suite> suites = suites_of(report);
  progress::TestTotals all;
  double seconds = 0;
  for (const Suite& suite : suites) {
    const progress::TestTotals one = totals_of(suite.cases);
    all.passed += one.passed;
    all.failed += one.failed;
    all.errors += one.errors;
    all.skipped += one.skipped;
    for (const TestCase& test : suite.cases) seconds += test.seconds;
  }
  const std::string began =
      scribe::shown_time(report.run.wall_ms).substr(0, 19);  // the schema has no fractions, no zone
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites";
  text += attribute("name", report.run.start.project + " " + report.run.start.goal);
  text += fmt::format(" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n", all.all(), all.failed,
                      all.errors, seconds);
  for (std::size_t i = 0; i < suites.size(); ++i) {
    const Suite& suite = suites[i];
    text +=
        "  <testsuite" + attribute("name", suite.name) + fmt::format(" id=\"{}\"", i) + counts(suite.cases);
    text += attribute("timestamp", began) +
            attribute("hostname", report.run.start.host.empty() ? "localhost" : report.run.start.host) +
            ">\n";
    text += "    <properties>\n";
    text += "      <property name=\"cairn.run\"" + attribute("value", report.run.run) + "/>\n";
    for (const auto& [name, value] : suite.properties)
      text += "      <property" + attribute("name", name) + attribute("value", value) + "/>\n";
    text += "    </properties>\n";
    for (const TestCase& test : suite.cases) text += element_of(test);
    text += "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace cairn::report
