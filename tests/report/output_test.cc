// What a run writes at its end: golden files, and that nothing from outside is obeyed by whoever reads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <set>

#include "runtime/progress/ndjson.h"
#include "runtime/report/ci.h"
#include "runtime/report/read_report.h"
#include "runtime/report/run_report.h"
#include "tests/golden.h"

namespace cairn::report {
namespace {

using testing::HasSubstr;
using testing::Not;

RunReport run_of(const std::string& name) {
  RunReport report;
  report.run = progress::state_after(
      progress::read_recording(golden::read(golden::folder("progress/" + name + ".ndjson"))).events);
  const bool failed = name == "failed";
  StepTests unit{
      failed ? "test.unit:run" : "test.unit:collect", "test.unit", "reports/test.unit/TEST-todo.xml", {}};
  const Result<TestReport> read = read_report_file(
      Format::junit, golden::folder(failed ? "report/django.failed.xml" : "report/django.xml"));
  EXPECT_TRUE(read) << read.failure().message << read.failure().causes.front();
  unit.report = *read;
  report.tests.push_back(unit);
  if (!failed) {
    const Result<TestReport> mocha = read_report_file(Format::junit, golden::folder("report/mocha.xml"));
    EXPECT_TRUE(mocha);
    report.tests.push_back(
        {"release.acceptance:collect", "release.acceptance", "reports/acceptance.xml", *mocha});
    StepTests coverage{"test.unit:collect", "test.unit", "reports/coverage.xml", {}};
    coverage.report.coverage = Coverage{412, 440, 0, 0};
    report.tests.push_back(coverage);
  }
  return report;
}

// A run in which everything that can be named is named by an enemy.
RunReport hostile_run() {
  const std::string evil =
      std::string(
          "<script>alert(1)</script>\"'>&amp;]]>--><b>\x1b]52;c;AAAA\x07::error::x\n##vso[task.complete "
          "result=Succeeded]y|`z\xff\r::set-output name=a::b##[error]\u202E") +
      std::string(1, '\0');
  RunReport report;
  progress::RunState& run = report.run;
  progress::Event event;
  const auto say = [&](progress::Happening happening) {
    event.is = std::move(happening);
    run.apply(event);
  };
  event.run = evil;
  say(progress::RunStarted{evil, evil, evil, evil, {evil}, evil, evil});
  event.step = evil;
  event.node = evil;
  say(progress::StepPlanned{evil, evil, evil, {{evil, evil}}, {}, false, {evil, 1, 1}});
  say(progress::StepStarted{});
  say(progress::ServiceReady{1, evil});
  event.time_ms = 1000;
  say(progress::StepFinished{
      progress::Outcome::failed, 1, 1, evil, {evil}, evil, {evil, 1, 1}, {}, {evil}, 1, false});
  say(progress::Artifact{evil, evil, 1});
  say(progress::Report{evil, evil, {}, {}, evil});
  say(progress::Message{progress::Level::error, evil, {evil, 1, 1}, evil});
  say(progress::RunFinished{1, 1, {}, {}, {evil}});
  TestCase test{evil, evil, evil, TestOutcome::failed, 1, evil, evil, evil, 1, evil, evil};
  StepTests tests{evil + "2", evil, evil, {}};
  tests.report.cases = {test};
  report.tests.push_back(tests);
  tests.step = evil;
  report.tests.push_back(tests);
  return report;
}

TEST(HtmlReport, OfAPublishedRun) {
  golden::compare(golden::folder("report/published.html"), html_report(run_of("published")));
}
TEST(HtmlReport, OfAFailedRun) {
  golden::compare(golden::folder("report/failed.html"), html_report(run_of("failed")));
}

TEST(HtmlReport, NeedsNothingFromOutsideAndEscapesEverything) {
  for (const std::string& page :
       {html_report(hostile_run()), html_report(run_of("failed")), html_report(RunReport{})}) {
    EXPECT_THAT(page, HasSubstr("default-src 'none'"));
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
    EXPECT_THAT(page, Not(HasSubstr("<b>\x1b")));
    EXPECT_THAT(page, Not(HasSubstr("src=")));
    for (std::size_t at = page.find("href="); at != std::string::npos; at = page.find("href=", at + 1))
      EXPECT_EQ(page.substr(at, 9), "href=\"#s-");
    EXPECT_THAT(page, Not(HasSubstr(" style=")));
    EXPECT_THAT(page, Not(HasSubstr(" onclick")));
    EXPECT_THAT(page, Not(HasSubstr("@import")));
    EXPECT_EQ(page.find('\x1b'), std::string::npos);
    EXPECT_EQ(page.find('\0'), std::string::npos);
    // One script and one style, ours.
    EXPECT_EQ(page.find("<script"), page.rfind("<script"));
    EXPECT_EQ(page.find("<style"), page.rfind("<style"));
  }
}

TEST(HtmlReport, ManyTestsStayBounded) {
  RunReport report;
  StepTests tests{"a:run", "a", "r.xml", {}};
  tests.report.cases.resize(30'000, TestCase{"s", "n", "c", TestOutcome::passed, 0.1, {}, {}, {}, 0, {}, {}});
  tests.report.cases.push_back(TestCase{
      "s", "the one", "c", TestOutcome::failed, 0.1, "m", std::string(1'000'000, 'x'), {}, 0, {}, {}});
  report.tests.push_back(tests);
  const std::string page = html_report(report);
  EXPECT_LT(page.size(), 8'000'000U);
  EXPECT_THAT(page, HasSubstr("… and 10000 more passed tests"));
  EXPECT_THAT(page, HasSubstr("the one"));
  EXPECT_THAT(page, HasSubstr("(934464 more bytes)"));
}

TEST(MergedJunit, OfAPublishedRun) {
  golden::compare(golden::folder("report/published.junit.xml"), merged_junit(run_of("published")));
}
TEST(MergedJunit, OfAFailedRun) {
  golden::compare(golden::folder("report/failed.junit.xml"), merged_junit(run_of("failed")));
}

// The rules of the common schema (junit-10.xsd of the Jenkins xUnit plugin), as far as they are more than
// XML.
void expect_valid_junit(const std::string& text) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
  ASSERT_TRUE(parsed) << parsed.description() << " at " << parsed.offset;
  const auto only = [](pugi::xml_node node, const std::set<std::string>& attributes) {
    for (const pugi::xml_attribute attribute : node.attributes())
      EXPECT_TRUE(attributes.contains(attribute.name())) << node.name() << " has " << attribute.name();
  };
  const pugi::xml_node root = document.document_element();
  ASSERT_STREQ(root.name(), "testsuites");
  only(root, {"name", "time", "tests", "failures", "disabled", "errors"});
  for (const pugi::xml_node suite : root.children()) {
    ASSERT_STREQ(suite.name(), "testsuite");
    only(suite, {"name", "tests", "failures", "errors", "time", "disabled", "skipped", "timestamp",
                 "hostname", "id", "package"});
    EXPECT_TRUE(suite.attribute("name") && suite.attribute("tests"));
    EXPECT_EQ(std::string(suite.attribute("timestamp").value()).size(), 19U);
    int stage = 0;
    std::uint64_t tests = 0;
    for (const pugi::xml_node child : suite.children()) {
      const std::string name = child.name();
      const int now = name == "properties" ? 1 : name == "testcase" ? 2 : 9;
      EXPECT_LE(stage, now);
      stage = now;
      ASSERT_NE(now, 9) << name;
      if (name != "testcase") continue;
      ++tests;
      only(child, {"name", "assertions", "time", "classname", "status"});
      for (const pugi::xml_node inner : child.children())
        EXPECT_TRUE((std::set<std::string>{"skipped", "failure", "error", "system-out", "system-err"})
                        .contains(inner.name()))
            << inner.name();
    }
    EXPECT_EQ(suite.attribute("tests").as_ullong(), tests);
  }
}

TEST(MergedJunit, FollowsTheCommonSchema) {
  expect_valid_junit(merged_junit(run_of("published")));
  expect_valid_junit(merged_junit(run_of("failed")));
  expect_valid_junit(merged_junit(hostile_run()));
  expect_valid_junit(merged_junit(RunReport{}));
}

TEST(MergedJunit, IsReadBackWithoutLoss) {
  const RunReport report = run_of("failed");
  const Result<TestReport> read = read_report(Format::junit, merged_junit(report), "junit.xml");
  ASSERT_TRUE(read);
  const progress::TestTotals before = totals_of(report);
  const progress::TestTotals after = totals_of(read->cases);
  EXPECT_EQ(after.passed, before.passed);
  EXPECT_EQ(after.failed, before.failed);
  EXPECT_EQ(after.errors, before.errors + 1)
      << "the step that misses its report has no failing test of its own";
}

TEST(FailureTable, OfAFailedRun) {
  golden::compare(golden::folder("report/failed.table.txt"), failure_table(run_of("failed"), 100, false));
}
TEST(FailureTable, InColourAndNarrow) {
  golden::compare(golden::folder("report/failed.table.colour.txt"),
                  failure_table(run_of("failed"), 60, true));
}
TEST(FailureTable, IsEmptyWhenNothingFailed) {
  EXPECT_EQ(failure_table(run_of("published"), 80, false), "");
}
TEST(FailureTable, CannotBeUsedAgainstTheTerminal) {
  const std::string table = failure_table(hostile_run(), 80, false);
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_EQ(table.find('\r'), std::string::npos);
  EXPECT_THAT(table, Not(HasSubstr("52;c")));
}

TEST(Ci, IsDetected) {
  const auto with = [](const std::string& name, const std::string& value) {
    return detect_ci(
        [&](const std::string& asked) { return asked == name ? std::optional(value) : std::nullopt; });
  };
  EXPECT_EQ(with("GITHUB_ACTIONS", "true"), scribe::Ci::github);
  EXPECT_EQ(with("TF_BUILD", "True"), scribe::Ci::azure);
  EXPECT_EQ(with("GITHUB_ACTIONS", "false"), scribe::Ci::none);
  EXPECT_EQ(with("CI", "true"), scribe::Ci::none);
}

TEST(Ci, GitHubSummary) {
  golden::compare(golden::folder("report/failed.summary.md"), summary_markdown(run_of("failed")));
}
TEST(Ci, GitHubAnnotations) {
  golden::compare(golden::folder("report/failed.github.txt"), github_annotations(run_of("failed")));
}
TEST(Ci, AzureCommands) {
  golden::compare(golden::folder("report/failed.azure.txt"),
                  azure_commands(run_of("failed"), "/w/.cairn/last/junit.xml", "/w/.cairn/last/summary.md"));
}

TEST(Ci, NobodyElseGivesCommands) {
  std::istringstream github(github_annotations(hostile_run()));
  for (std::string line; std::getline(github, line);) {
    EXPECT_TRUE(line.starts_with("::error ") || line.starts_with("::warning ")) << line;
    EXPECT_THAT(line, Not(HasSubstr("##[")));
    EXPECT_EQ(line.find("::", 2), line.find("::", line.find("title=")))
        << "the first :: after the properties ends them";
    EXPECT_THAT(line, Not(HasSubstr("\r")));
  }
  std::istringstream azure(azure_commands(hostile_run(), "/a;b]c", "/d"));
  for (std::string line; std::getline(azure, line);) {
    EXPECT_TRUE(line.starts_with("##vso[task.logissue type=error") ||
                line.starts_with("##vso[results.publish ") || line.starts_with("##vso[task.uploadsummary]"))
        << line;
    EXPECT_EQ(line.find("##vso[", 1), std::string::npos) << line;
    EXPECT_EQ(line.find("##["), std::string::npos) << line;
  }
  const std::string summary = summary_markdown(hostile_run());
  EXPECT_THAT(summary, Not(HasSubstr("<script>")));
  EXPECT_THAT(summary, Not(HasSubstr("|`")));
}

TEST(Ci, ManyFailuresStayWithinTheLimits) {
  RunReport report = run_of("failed");
  report.tests[0].report.cases.resize(
      100'000, TestCase{"s", "n", "c", TestOutcome::failed, 0, std::string(100, 'm'), {}, {}, 0, {}, {}});
  const std::string annotations = github_annotations(report);
  EXPECT_EQ(std::count(annotations.begin(), annotations.end(), '\n'), 11);  // ten errors, one warning
  EXPECT_THAT(annotations, HasSubstr(" more; the summary has all"));
  const std::string summary = summary_markdown(report);
  EXPECT_LT(summary.size(), 1U << 20);
  EXPECT_THAT(summary, HasSubstr("too long for a summary"));
}

}  // namespace
}  // namespace cairn::report
