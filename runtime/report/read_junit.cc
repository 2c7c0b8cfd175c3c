#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "runtime/report/read_report.h"
#include "runtime/report/xml_document.h"

namespace cairn::report {

namespace {

constexpr int deepest_suite = 100;  // suites within suites

struct Reading {
  const XmlDocument& xml;
  TestReport report;
  std::optional<Failure> problem;

  void suite(pugi::xml_node node, const std::string& outer, int depth);
  void test(pugi::xml_node node, const std::string& suite, const std::string& file);
  void whole_suite(const std::string& suite, TestOutcome outcome, std::string message, std::string details);
};

bool is_suite(std::string_view element) {
  return element == "testsuite" || element == "testsuites";
}

std::uint64_t count_in(pugi::xml_node node, const char* attribute) {
  return node.attribute(attribute).as_ullong();
}

// Failures and errors as JUnit's writers put them; `flakyFailure` and `rerunFailure` are of attempts that did
// not count.
void take_problem(pugi::xml_node node, TestOutcome outcome, TestCase& test) {
  const std::string text = text_of(node);
  std::string message = node.attribute("message").value();
  if (message.empty()) message = first_line_of(text);
  // "'title'" says little, "KeyError: 'title'" all; of a failed assertion the type says nothing.
  const std::string type = node.attribute("type").value();
  if (message.empty()) {
    message = type;
  } else if (outcome == TestOutcome::error && !type.empty() && message.find(type) == std::string::npos) {
    message = type + ": " + message;
  }
  if (test.outcome != TestOutcome::failed && test.outcome != TestOutcome::error) {
    test.outcome = outcome;
    test.message = message;
  } else {
    test.details += test.details.empty() ? message : "\n\n" + message;
  }
  if (first_line_of(text) != first_line_of(message) || text.find('\n') != std::string::npos)
    test.details += (test.details.empty() ? "" : "\n") + text;
}

void Reading::test(pugi::xml_node node, const std::string& suite, const std::string& file) {
  TestCase test;
  test.suite = suite;
  test.name = node.attribute("name").value();
  test.classname = node.attribute("classname").value();
  if (test.classname.empty()) test.classname = node.attribute("class").value();
  if (test.name.empty()) test.name = test.classname.empty() ? "(without a name)" : test.classname;
  const pugi::xml_attribute time =
      node.attribute("time") ? node.attribute("time") : node.attribute("duration");
  test.seconds = seconds_of(time.value());
  test.file = node.attribute("file").value();
  test.line = node.attribute("line").as_uint();
  if (test.file.empty()) test.file = node.attribute("filepath").value();

  std::string todo;
  for (const pugi::xml_node child : node.children()) {
    const std::string_view element = child.name();
    if (element == "failure") {
      take_problem(child, TestOutcome::failed, test);
    } else if (element == "error") {
      take_problem(child, TestOutcome::error, test);
    } else if (element == "skipped" || element == "ignored") {
      // What a test that is still to be done does is told, and counts for nothing (Node).
      const bool is_todo = std::string_view(child.attribute("type").value()) == "todo";
      if (is_todo) todo = "todo: " + std::string(child.attribute("message").value());
      if (test.outcome == TestOutcome::passed) {
        test.outcome = TestOutcome::skipped;
        test.message = child.attribute("message").value();
        if (test.message.empty()) test.message = first_line_of(text_of(child));
      }
    } else if (element == "system-out") {
      test.out += text_of(child);
    } else if (element == "system-err") {
      test.err += text_of(child);
    }
  }
  if (!todo.empty() && test.outcome == TestOutcome::failed) {
    test.outcome = TestOutcome::skipped;
    test.message = todo;
  }
  // GoogleTest and Azure's writers say it in an attribute.
  const std::string_view status = node.attribute("status").value();
  const std::string_view result = node.attribute("result").value();
  if (test.outcome == TestOutcome::passed &&
      (status == "notrun" || status == "skipped" || status == "disabled" || result == "skipped" ||
       result == "suppressed"))
    test.outcome = TestOutcome::skipped;
  if (test.outcome == TestOutcome::passed && (status == "failed" || status == "error")) {
    test.outcome = status == "failed" ? TestOutcome::failed : TestOutcome::error;
    test.message = "reported as " + std::string(status) + " without a reason";
  }
  if (test.outcome == TestOutcome::failed || test.outcome == TestOutcome::error) {
    const CodePlace place = place_in(test.details);
    if (test.file.empty()) {
      test.file = place.file.empty() ? file : place.file;
      test.line = place.line;
    } else if (test.line == 0 && (place.file == test.file || place.file.ends_with("/" + test.file))) {
      test.line = place.line;
    }
  }
  if (test.file.empty()) test.file = file;
  report.cases.push_back(std::move(test));
}

void Reading::whole_suite(const std::string& suite, TestOutcome outcome, std::string message,
                          std::string details) {
  TestCase test;
  test.suite = suite;
  test.name = "(the whole suite)";
  test.outcome = outcome;
  test.message = std::move(message);
  test.details = std::move(details);
  report.cases.push_back(std::move(test));
}

void Reading::suite(pugi::xml_node node, const std::string& outer, int depth) {
  if (depth > deepest_suite) {
    problem = xml.wrong(node, fmt::format("suites are nested more than {} deep", deepest_suite));
    return;
  }
  std::string name = node.attribute("name").value();
  // The outermost element names the program, not a suite.
  if (std::string_view(node.name()) == "testsuites") name.clear();
  const std::string whole = outer.empty() ? name : name.empty() ? outer : outer + " › " + name;
  const std::string file = node.attribute("file").value();
  const std::size_t before = report.cases.size();

  for (const pugi::xml_node child : node.children()) {
    const std::string_view element = child.name();
    if (element == "testcase") {
      test(child, whole, file);
    } else if (is_suite(element)) {
      suite(child, whole, depth + 1);
    } else if (element == "error" || element == "failure") {
      TestCase read;
      take_problem(child, element == "error" ? TestOutcome::error : TestOutcome::failed, read);
      whole_suite(whole, read.outcome, std::move(read.message), std::move(read.details));
    }
    if (problem) return;
  }

  const std::vector<TestCase> own(report.cases.begin() + static_cast<std::ptrdiff_t>(before),
                                  report.cases.end());
  const progress::TestTotals found = totals_of(own);
  // Some writers put a failing test under both counts, so that their sum says nothing.
  const std::uint64_t failures = count_in(node, "failures");
  const std::uint64_t errors = count_in(node, "errors");
  if (std::max(failures, errors) > found.failed + found.errors)
    whole_suite(whole, TestOutcome::error,
                fmt::format("the report counts {} failures and {} errors here, but names only {}", failures,
                            errors, found.failed + found.errors),
                {});
}

}  // namespace

Result<TestReport> read_junit(std::string_view text, const std::string& name) {
  const Result<XmlDocument> xml = XmlDocument::parse(text, name, "JUnit", Doctype::refused);
  if (!xml) return xml.failure();
  const pugi::xml_node root = xml->root();
  if (!is_suite(root.name()))
    return xml->wrong(root,
                      fmt::format("the first element is <{}>, not <testsuites> or <testsuite>", root.name()));
  Reading reading{*xml, {}, {}};
  reading.suite(root, "", 0);
  if (reading.problem) return *reading.problem;
  return std::move(reading.report);
}

}  // namespace cairn::report
