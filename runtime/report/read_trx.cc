#include <fmt/format.h>

#include <string>
#include <unordered_map>

#include "runtime/report/read_report.h"
#include "runtime/report/xml_document.h"

namespace cairn::report {

namespace {

constexpr int deepest_result = 20;  // inner results of inner results

TestOutcome outcome_of_result(std::string_view outcome) {
  if (outcome == "Passed" || outcome == "Completed" || outcome == "Warning") return TestOutcome::passed;
  if (outcome == "Failed") return TestOutcome::failed;
  if (outcome == "NotExecuted" || outcome == "Inconclusive" || outcome == "Pending")
    return TestOutcome::skipped;
  return TestOutcome::error;  // Error, Timeout, Aborted, NotRunnable, Disconnected, PassedButRunAborted;
                              // absent means Error
}

struct Definition {
  std::string classname;
  std::string suite;
};

void take_result(pugi::xml_node node, const std::unordered_map<std::string, Definition>& definitions,
                 int depth, std::vector<TestCase>& cases) {
  TestCase test;
  test.name = node.attribute("testName").value();
  const std::string said = node.attribute("outcome").value();
  test.outcome = outcome_of_result(said);
  test.seconds = seconds_of_clock(node.attribute("duration").value());
  const auto definition = definitions.find(node.attribute("testId").value());
  if (definition != definitions.end()) {
    test.classname = definition->second.classname;
    test.suite = definition->second.suite;
  }
  // xUnit repeats the class in the name.
  if (!test.classname.empty() && test.name.starts_with(test.classname + "."))
    test.name.erase(0, test.classname.size() + 1);
  if (test.name.empty()) test.name = "(without a name)";
  const pugi::xml_node output = node.child("Output");
  const pugi::xml_node error = output.child("ErrorInfo");
  test.message = text_of(error.child("Message"));
  test.details = text_of(error.child("StackTrace"));
  test.out = text_of(output.child("StdOut"));
  test.err = text_of(output.child("StdErr"));
  if (test.outcome == TestOutcome::error && test.message.empty())
    test.message = said.empty() ? "the test has no outcome" : "the outcome is " + said;
  // " in C:\src\Tests.cs:line 12" is .NET's way to name a place.
  if (const std::size_t at = test.details.find(":line "); at != std::string::npos) {
    const std::size_t in = test.details.rfind(" in ", at);
    if (in != std::string::npos) {
      test.file = test.details.substr(in + 4, at - in - 4);
      test.line = static_cast<std::uint32_t>(seconds_of(
          test.details.substr(at + 6, test.details.find_first_not_of("0123456789", at + 6) - at - 6)));
    }
  }
  const pugi::xml_node inner = node.child("InnerResults");
  if (inner && depth < deepest_result) {
    const std::size_t before = cases.size();
    for (const pugi::xml_node child : inner.children("UnitTestResult"))
      take_result(child, definitions, depth + 1, cases);
    // The outer result only sums up its rows, unless it has something of its own to say.
    bool told = test.outcome == TestOutcome::passed || test.outcome == TestOutcome::skipped;
    for (std::size_t i = before; i < cases.size(); ++i)
      told = told || cases[i].outcome == TestOutcome::failed || cases[i].outcome == TestOutcome::error;
    if (cases.size() != before && told) return;
  }
  cases.push_back(std::move(test));
}

}  // namespace

Result<TestReport> read_trx(std::string_view text, const std::string& name) {
  const Result<XmlDocument> xml = XmlDocument::parse(text, name, "TRX", Doctype::refused);
  if (!xml) return xml.failure();
  const pugi::xml_node root = xml->root();
  if (std::string_view(root.name()) != "TestRun")
    return xml->wrong(root, fmt::format("the first element is <{}>, not <TestRun>", root.name()));

  std::unordered_map<std::string, Definition> definitions;
  for (const pugi::xml_node test : root.child("TestDefinitions").children()) {
    Definition definition;
    definition.classname = test.child("TestMethod").attribute("className").value();
    // "Shop.Tests.Orders, Shop.Tests, Version=1.0…" in old files.
    definition.classname = definition.classname.substr(0, definition.classname.find(','));
    std::string code = test.child("TestMethod").attribute("codeBase").value();
    definition.suite =
        code.substr(code.find_last_of("/\\") == std::string::npos ? 0 : code.find_last_of("/\\") + 1);
    definitions.emplace(test.attribute("id").value(), std::move(definition));
  }
  TestReport report;
  for (const pugi::xml_node result : root.child("Results").children())
    take_result(result, definitions, 0, report.cases);

  const progress::TestTotals found = totals_of(report.cases);
  const pugi::xml_node summary = root.child("ResultSummary");
  const pugi::xml_node counters = summary.child("Counters");
  std::uint64_t counted = 0;
  for (const char* counter : {"failed", "error", "timeout", "aborted"})
    counted += counters.attribute(counter).as_ullong();
  std::string problems;
  for (const pugi::xml_node info : summary.child("RunInfos").children("RunInfo"))
    if (std::string_view(info.attribute("outcome").value()) == "Error")
      problems += text_of(info.child("Text")) + "\n";
  const std::string_view outcome = summary.attribute("outcome").value();
  TestCase whole;
  whole.name = "(the whole run)";
  whole.outcome = TestOutcome::error;
  whole.details = problems;
  if (found.failed + found.errors < counted) {
    whole.message =
        fmt::format("the report counts {} failures, but names only {}", counted, found.failed + found.errors);
    report.cases.push_back(std::move(whole));
  } else if ((outcome == "Aborted" || outcome == "Error" || outcome == "Timeout" || outcome == "Failed" ||
              !problems.empty()) &&
             found.failed + found.errors == 0) {
    whole.message =
        problems.empty() ? fmt::format("the test run ended as {}", outcome) : first_line_of(problems);
    report.cases.push_back(std::move(whole));
  }
  return report;
}

}  // namespace cairn::report
