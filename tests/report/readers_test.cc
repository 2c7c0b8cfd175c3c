// TAP, TRX, Cobertura, go test; files on the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "runtime/report/read_report.h"

namespace cairn::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> read(Format format, const std::string& text) {
  const Result<TestReport> report = read_report(format, text, "r");
  if (!report) return {"refused: " + report.failure().causes.at(0)};
  std::vector<std::string> lines;
  for (const TestCase& test : report->cases)
    lines.push_back(std::string(name_of(test.outcome)) + " | " + test.suite + " | " + test.name + " | " +
                    test.message);
  return lines;
}
TestCase only(Format format, const std::string& text, std::size_t which = 0) {
  const Result<TestReport> report = read_report(format, text, "r");
  EXPECT_TRUE(report);
  return report->cases.at(which);
}

TEST(Tap, PlainVersion12) {
  EXPECT_THAT(read(Format::tap,
                   "1..4\nok 1 - connects\nnot ok 2 - selects\n# Failed test 2: \"selects\"\n#         have: "
                   "1\n#         want: 2\nok 3 # SKIP no database\nnot ok 4 - later # TODO not written\n# "
                   "Looks like you failed 1 test of 4\n"),
              ElementsAre("passed |  | connects | ", "failed |  | selects | have: 1, want: 2",
                          "skipped |  | test 3 | SKIP no database", "skipped |  | later | TODO not written"));
}

TEST(Tap, PgTapThroughPsql) {
  EXPECT_THAT(read(Format::tap,
                   " 1..2\n ok 1 - table orders exists\n not ok 2 - orders has a key\n # Failed test 2: "
                   "\"orders has a key\"\n # Looks like you failed 1 test of 2\n"),
              ElementsAre("passed |  | table orders exists | ",
                          "failed |  | orders has a key | Failed test 2: \"orders has a key\""));
}

TEST(Tap, YamlBlocks) {
  const TestCase test = only(
      Format::tap,
      "TAP version 13\nnot ok 1 - adds up\n  ---\n  message: 'expected 3, got 4'\n  severity: fail\n  "
      "duration_ms: 12.5\n  file: test/add.js\n  line: 7\n  data:\n    got: 4\n    expect: 3\n  ...\n1..1\n");
  EXPECT_EQ(test.outcome, TestOutcome::failed);
  EXPECT_EQ(test.message, "expected 3, got 4");
  EXPECT_DOUBLE_EQ(test.seconds, 0.0125);
  EXPECT_EQ(test.file, "test/add.js");
  EXPECT_EQ(test.line, 7U);
  EXPECT_THAT(test.details, HasSubstr("  got: 4\n"));
}

TEST(Tap, SubtestsOfVersion14) {
  EXPECT_THAT(read(Format::tap,
                   "TAP version 14\n# Subtest: orders\n    ok 1 - a\n    # Subtest: deep\n        not ok 1 - "
                   "b\n        1..1\n    not ok 2 - deep\n    1..2\nnot ok 1 - orders\nok 2 - alone\n1..2\n"),
              ElementsAre("passed | orders | a | ", "failed | orders › deep | b | ", "passed |  | alone | "));
  EXPECT_THAT(read(Format::tap, "    ok 1 - a\n    1..1\nnot ok 1 - named after\n1..1\n"),
              ElementsAre("passed | named after | a | ", "failed |  | named after | "));
}

TEST(Tap, AsNodeWritesIt) {
  EXPECT_THAT(
      read(Format::tap,
           "TAP version 13\n# Subtest: bad\nnot ok 1 - bad\n  ---\n  duration_ms: 2.5\n  error: |-\n    "
           "Expected values to be equal:\n    \n    1 "
           "!== 2\n    \n  code: 'ERR'\n  ...\n# Subtest: outer\n    # Subtest: in1\n    ok 1 - in1\n      "
           "---\n      duration_ms: 1\n      ...\n    # "
           "Subtest: in2\n    not ok 2 - in2\n    1..2\nnot ok 2 - outer\n1..2\n# tests 4\n# fail 2\n"),
      ElementsAre("failed |  | bad | Expected values to be equal:\n\n1 !== 2\n", "passed | outer | in1 | ",
                  "failed | outer | in2 | "));
}

TEST(Tap, AsPerlWritesIt) {
  const std::string text =
      "1..2\nnot ok 1 - two\n#   Failed test 'two'\n#   at t/orders.t line 2.\n#          got: '1'\n#     "
      "expected: '2'\n    # Subtest: sub\n    1..1\n"
      "    ok 1 - a\nok 2 - sub\n# Looks like you failed 1 test of 2.\n";
  EXPECT_THAT(read(Format::tap, text),
              ElementsAre("failed |  | two | got: '1', expected: '2'", "passed | sub | a | "));
  EXPECT_EQ(only(Format::tap, text).file, "t/orders.t");
  EXPECT_EQ(only(Format::tap, text).line, 2U);
}

TEST(Tap, WhatWasPlannedAndDidNotRunIsAnError) {
  EXPECT_THAT(read(Format::tap, "1..3\nok 1 - a\n"),
              ElementsAre("passed |  | a | ", "error |  | (the plan) | 3 tests were planned, 1 ran"));
  EXPECT_THAT(read(Format::tap, "ok 1 - a\n"),
              ElementsAre("passed |  | a | ",
                          "error |  | (the plan) | there is no plan: nobody knows whether more than these 1 "
                          "tests should have run"));
  EXPECT_THAT(read(Format::tap, "1..3\nok 1 - a\nBail out! the database is gone\n"),
              ElementsAre("passed |  | a | ", "error |  | (bail out) | the database is gone"));
  EXPECT_THAT(read(Format::tap, "1..0 # SKIP no server\n"),
              ElementsAre("skipped |  | (all tests) | SKIP no server"));
  EXPECT_THAT(read(Format::tap, "1..1\nnot ok 1 - a\n  ---\n  message: cut"),
              ElementsAre("failed |  | a | cut",
                          "error |  | (the report) | it ends within a diagnostic block: the test program was "
                          "probably ended"));
}

TEST(Tap, EscapesAndOddLines) {
  EXPECT_THAT(
      read(Format::tap, "1..2\r\nok 1 - a \\# b # skip\r\nsome output\r\nokay\r\nok 2 - std::vector<#>\r\n"),
      ElementsAre("skipped |  | a # b | skip", "passed |  | std::vector<#> | "));
  EXPECT_THAT(read(Format::tap, "hello\nworld\n"),
              ElementsAre("refused: no line of it is a plan (`1..5`) or a result (`ok 1 - name`)"));
  EXPECT_THAT(read(Format::tap, std::string("1..1\nok 1 - a\xff") + '\0' + "b\n"),
              ElementsAre(std::string("passed |  | a\uFFFD") + '\0' + "b | "));
}

constexpr const char* trx = R"x(<?xml version="1.0" encoding="utf-8"?>
<TestRun id="1" name="run" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Results>
    <UnitTestResult testId="t1" testName="Shop.Tests.Orders.Adds" duration="00:00:01.2500000" outcome="Passed"><Output><StdOut>hello</StdOut></Output></UnitTestResult>
    <UnitTestResult testId="t2" testName="Fails" duration="00:00:00.0100000" outcome="Failed"><Output><ErrorInfo><Message>Assert.AreEqual failed. Expected:&lt;1&gt;</Message><StackTrace>   at Shop.Tests.Orders.Fails() in C:\src\Orders.cs:line 42
</StackTrace></ErrorInfo></Output></UnitTestResult>
    <UnitTestResult testId="t3" testName="Skipped" outcome="NotExecuted" />
    <UnitTestResult testId="t3" testName="Slow" outcome="Timeout" />
    <UnitTestResult testId="t4" testName="Rows" outcome="Failed" duration="00:00:03"><InnerResults>
      <UnitTestResult testId="t4" testName="Rows (1)" outcome="Passed" /><UnitTestResult testId="t4" testName="Rows (2)" outcome="Failed"><Output><ErrorInfo><Message>row</Message></ErrorInfo></Output></UnitTestResult></InnerResults></UnitTestResult>
  </Results>
  <TestDefinitions><UnitTest name="Adds" id="t1"><TestMethod codeBase="C:\out\Shop.Tests.dll" className="Shop.Tests.Orders" name="Adds" /></UnitTest></TestDefinitions>
  <ResultSummary outcome="Failed"><Counters total="5" failed="2" error="0" timeout="1" /></ResultSummary>
</TestRun>)x";

TEST(Trx, ReadsResultsAndDefinitions) {
  EXPECT_THAT(read(Format::trx, trx),
              ElementsAre("passed | Shop.Tests.dll | Adds | ",
                          "failed |  | Fails | Assert.AreEqual failed. Expected:<1>",
                          "skipped |  | Skipped | ", "error |  | Slow | the outcome is Timeout",
                          "passed |  | Rows (1) | ", "failed |  | Rows (2) | row"));
  const TestCase adds = only(Format::trx, trx);
  EXPECT_EQ(adds.classname, "Shop.Tests.Orders");
  EXPECT_DOUBLE_EQ(adds.seconds, 1.25);
  EXPECT_EQ(adds.out, "hello");
  EXPECT_EQ(only(Format::trx, trx, 1).file, "C:\\src\\Orders.cs");
  EXPECT_EQ(only(Format::trx, trx, 1).line, 42U);
}

TEST(Trx, ARunThatDiedIsAnError) {
  EXPECT_THAT(
      read(
          Format::trx,
          R"x(<TestRun><Results/><ResultSummary outcome="Failed"><Counters failed="0"/><RunInfos><RunInfo outcome="Error"><Text>The active test run was aborted. Reason: Test host process crashed</Text></RunInfo></RunInfos></ResultSummary></TestRun>)x"),
      ElementsAre(
          "error |  | (the whole run) | The active test run was aborted. Reason: Test host process crashed"));
  EXPECT_THAT(read(Format::trx,
                   R"x(<TestRun><Results/><ResultSummary><Counters failed="3"/></ResultSummary></TestRun>)x"),
              ElementsAre("error |  | (the whole run) | the report counts 3 failures, but names only 0"));
  EXPECT_THAT(read(Format::trx, "<testsuite/>"),
              ElementsAre(HasSubstr("the first element is <testsuite>, not <TestRun>")));
}

TEST(Cobertura, CountsLines) {
  const auto coverage = [](const std::string& text) {
    const Result<TestReport> report = read_report(Format::cobertura, text, "c.xml");
    return report ? std::to_string(report->coverage->lines_covered) + "/" +
                        std::to_string(report->coverage->lines)
                  : report.failure().causes.at(0);
  };
  EXPECT_EQ(
      coverage(R"x(<coverage line-rate="0.5" lines-valid="200" lines-covered="187" branches-valid="0"/>)x"),
      "187/200");
  EXPECT_EQ(
      coverage(
          R"x(<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd"><coverage line-rate="0.66"><packages><package><classes>
    <class filename="a.py"><methods/><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class>
    <class filename="a.py"><lines><line number="2" hits="3"/><line number="3" hits="0"/></lines></class></classes></package></packages></coverage>)x"),
      "2/3");
  EXPECT_EQ(coverage(R"x(<coverage line-rate="0.937"/>)x"), "9370/10000");
  EXPECT_THAT(coverage(R"x(<!DOCTYPE coverage [<!ENTITY a "b">]><coverage line-rate="1"/>)x"),
              HasSubstr("DOCTYPE"));
  EXPECT_THAT(coverage("<coverage/>"), HasSubstr("neither `lines-valid`"));
  EXPECT_THAT(coverage(R"x(<coverage lines-valid="2" lines-covered="3"/>)x"),
              HasSubstr("3 lines are covered of 2"));
}

TEST(GoTest, Json) {
  const std::string text = R"x({"Action":"start","Package":"shop/orders"}
{"Action":"run","Package":"shop/orders","Test":"TestAdds"}
{"Action":"output","Package":"shop/orders","Test":"TestAdds","Output":"=== RUN   TestAdds\n"}
{"Action":"output","Package":"shop/orders","Test":"TestAdds","Output":"said something\n"}
{"Action":"pass","Package":"shop/orders","Test":"TestAdds","Elapsed":0.25}
{"Action":"run","Package":"shop/orders","Test":"TestRows"}
{"Action":"run","Package":"shop/orders","Test":"TestRows/two"}
{"Action":"output","Package":"shop/orders","Test":"TestRows/two","Output":"    orders_test.go:12: want 3, got 4\n"}
{"Action":"output","Package":"shop/orders","Test":"TestRows/two","Output":"    --- FAIL: TestRows/two (0.00s)\n"}
{"Action":"fail","Package":"shop/orders","Test":"TestRows/two","Elapsed":0}
{"Action":"fail","Package":"shop/orders","Test":"TestRows","Elapsed":0}
{"Action":"skip","Package":"shop/orders","Test":"TestLater","Elapsed":0}
{"Action":"fail","Package":"shop/orders","Elapsed":0.3}
)x";
  EXPECT_THAT(read(Format::gotest, text), ElementsAre("passed | shop/orders | TestAdds | ",
                                                      "failed | shop/orders | TestRows | a subtest failed",
                                                      "failed | shop/orders | TestRows/two | want 3, got 4",
                                                      "skipped | shop/orders | TestLater | "));
  EXPECT_EQ(only(Format::gotest, text, 2).file, "orders_test.go");
  EXPECT_EQ(only(Format::gotest, text, 2).line, 12U);
  EXPECT_EQ(only(Format::gotest, text).out, "said something\n");
}

TEST(GoTest, PanicsTimeoutsAndBuildFailuresAreErrors) {
  EXPECT_THAT(read(Format::gotest, R"x({"Action":"run","Package":"p","Test":"TestX"}
{"Action":"output","Package":"p","Test":"TestX","Output":"panic: index out of range\n"}
{"Action":"fail","Package":"p","Elapsed":0.1}
)x"),
              ElementsAre("error | p | TestX | the test did not end: panic: index out of range"));
  EXPECT_THAT(
      read(Format::gotest,
           R"x({"ImportPath":"p [p.test]","Action":"build-output","Output":"./a_test.go:3:1: undefined: x\n"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}
)x"),
      ElementsAre("error | p | (the package) | does not build"));
  EXPECT_THAT(read(Format::gotest, "{\"Action\":\"run\",\"Package\":\"p\",\"Test\":\"T\"}\n{\"Action\":\"pa"),
              ElementsAre("refused: its last line is cut off"));
}

TEST(GoTest, VerboseText) {
  EXPECT_THAT(
      read(Format::gotest,
           "=== RUN   TestAdds\n--- PASS: TestAdds (0.25s)\n=== RUN   TestRows\n=== RUN   "
           "TestRows/two\n    orders_test.go:12: want 3\n--- FAIL: TestRows (0.00s)\n    --- FAIL: "
           "TestRows/two (0.00s)\nFAIL\nFAIL\tshop/orders\t0.301s\n?   \tshop/cmd\t[no test "
           "files]\nok  \tshop/tax\t0.01s\nFAIL\n"),
      ElementsAre("passed | shop/orders | TestAdds | ", "failed | shop/orders | TestRows | a subtest failed",
                  "failed | shop/orders | TestRows/two | want 3"));
  EXPECT_THAT(read(Format::gotest,
                   "# shop/orders [shop/orders.test]\n./a_test.go:3:1: undefined: x\nFAIL\tshop/orders "
                   "[build failed]\nFAIL\n"),
              ElementsAre("error | shop/orders | (the package) | does not build"));
  EXPECT_THAT(read(Format::gotest,
                   "=== RUN   TestHangs\npanic: test timed out after 1s\n\ngoroutine 7 "
                   "[running]:\nFAIL\tshop\t1.0s\n"),
              ElementsAre("error | shop | TestHangs | the test did not end: panic: test timed out after 1s"));
  EXPECT_THAT(read(Format::gotest, "nothing of the kind\n"),
              ElementsAre("refused: it holds no event of `go test -json` and no line of `go test -v`"));
}

TEST(ReportFile, IsRegularAndNotTooLarge) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "report_file_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto cause = [](const std::filesystem::path& path) {
    const Result<TestReport> read = read_report_file(Format::junit, path.string());
    return read ? std::to_string(read->cases.size()) + " cases" : read.failure().causes.at(0);
  };
  std::ofstream(folder / "good.xml") << "<testsuite><testcase name='a'/></testsuite>";
  EXPECT_EQ(cause(folder / "good.xml"), "1 cases");
  EXPECT_EQ(cause(folder / "none.xml"), "No such file or directory");
  std::filesystem::create_symlink("/etc/passwd", folder / "link.xml");
  EXPECT_EQ(cause(folder / "link.xml"), "it is a symbolic link");
  ASSERT_EQ(::mkfifo((folder / "fifo.xml").c_str(), 0600), 0);
  EXPECT_EQ(cause(folder / "fifo.xml"), "it is no regular file");
  EXPECT_EQ(cause(folder), "it is no regular file");
  EXPECT_EQ(cause("/dev/zero"), "it is no regular file");
  std::ofstream(folder / "sparse.xml") << "x";
  std::filesystem::resize_file(folder / "sparse.xml", largest_report + 1);
  EXPECT_THAT(cause(folder / "sparse.xml"), HasSubstr("the limit is 67108864"));
  std::filesystem::remove_all(folder);
}

TEST(MissingReport, IsAFailureThatSaysWhatToDo) {
  const Failure failure = missing_report(Format::junit, "/reports/*.xml", "in the container");
  EXPECT_EQ(failure.message, "a promised junit report is missing");
  EXPECT_EQ(failure.causes.at(0), "no file matches `/reports/*.xml` in the container");
  EXPECT_FALSE(failure.help.empty());
}

TEST(Formats, AreNamedBothWays) {
  for (const Format format : {Format::junit, Format::tap, Format::trx, Format::cobertura, Format::gotest})
    EXPECT_EQ(format_named(name_of(format)), format);
  EXPECT_FALSE(format_named("xunit"));
}

}  // namespace
}  // namespace cairn::report
