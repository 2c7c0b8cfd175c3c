#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "runtime/report/read_report.h"
#include "runtime/report/xml_document.h"
#include "runtime/scribe/sanitise.h"

namespace cairn::report {

namespace {

// Tests by package and name, in the order in which they were first heard of.
class GoTests {
 public:
  struct Test {
    TestCase test;
    bool ended = false;
  };

  Test& at(const std::string& package, const std::string& name) {
    const auto [found, is_new] = index_.try_emplace({package, name}, tests_.size());
    if (is_new) {
      Test& test = tests_.emplace_back();
      test.test.suite = package;
      test.test.name = name;
    }
    return tests_[found->second];
  }
  void end(const std::string& package, const std::string& name, TestOutcome outcome, double seconds) {
    Test& test = at(package, name);
    test.ended = true;
    test.test.outcome = outcome;
    test.test.seconds = seconds;
  }
  void said(const std::string& package, const std::string& name, const std::string& line) {
    if (name.empty()) {
      package_output_[package] += line;
    } else {
      at(package, name).test.out += line;
    }
  }
  void package_ended(const std::string& package, bool well, double seconds) {
    packages_[package] = {well, seconds};
  }
  void build_failed(const std::string& package, const std::string& output) { builds_[package] += output; }
  bool knows(const std::string& package, const std::string& name) const {
    return index_.contains({package, name});
  }
  bool empty() const { return tests_.empty() && packages_.empty() && builds_.empty(); }

  TestReport report();

 private:
  struct Package {
    bool well = true;
    double seconds = 0;
  };
  bool has_failed_subtest(const TestCase& parent) const {
    for (auto one = index_.upper_bound({parent.suite, parent.name + "/"}); one != index_.end(); ++one) {
      if (one->first.first != parent.suite || !one->first.second.starts_with(parent.name + "/")) return false;
      if (tests_[one->second].test.outcome == TestOutcome::failed) return true;
    }
    return false;
  }

  std::vector<Test> tests_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
  std::map<std::string, std::string> package_output_;
  std::map<std::string, Package> packages_;
  std::map<std::string, std::string> builds_;  // what the compiler said
};

bool is_framing(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return true;
  line.remove_prefix(begin);
  return line.starts_with("=== ") || line.starts_with("--- ");
}

// A panic's trace passes through the runtime first: a test file is where somebody will look.
CodePlace go_place(std::string_view output) {
  const std::size_t test_file = output.find("_test.go:");
  if (test_file == std::string_view::npos) return place_in(output);
  const std::size_t before = output.rfind('\n', test_file);
  return place_in(output.substr(before == std::string_view::npos ? 0 : before + 1));
}

// A test's own lines: without "=== RUN" and "--- FAIL", which say nothing new.
std::string own_lines(std::string_view output) {
  std::string own;
  while (!output.empty()) {
    const std::string_view line = output.substr(0, output.find('\n'));
    output.remove_prefix(std::min(output.size(), line.size() + 1));
    if (!is_framing(line)) own += std::string(line) + "\n";
  }
  return own;
}

TestReport GoTests::report() {
  TestReport report;
  std::map<std::string, bool> has_failure;
  for (Test& one : tests_) {
    TestCase& test = one.test;
    const std::string own = own_lines(test.out);
    if (!one.ended) {
      test.outcome = TestOutcome::error;
      test.message = "the test did not end";
      const std::string& output = package_output_[test.suite];
      const std::size_t panic = std::min(test.out.find("panic: "), test.out.size());
      if (panic != test.out.size())
        test.message += ": " + first_line_of(std::string_view(test.out).substr(panic));
      else if (const std::size_t at = output.find("panic: "); at != std::string::npos)
        test.message += ": " + first_line_of(std::string_view(output).substr(at));
    }
    if (test.outcome == TestOutcome::failed || test.outcome == TestOutcome::error) {
      has_failure[test.suite] = true;
      test.details = own;
      const CodePlace place = go_place(own);
      test.file = place.file;
      test.line = place.line;
    }
    if (test.outcome != TestOutcome::passed && test.message.empty()) {
      // "    orders_test.go:12: want 3, got 4": the place is told apart.
      test.message = first_line_of(own);
      const CodePlace place = place_in(test.message);
      const std::string prefix = fmt::format("{}:{}: ", place.file, place.line);
      if (test.message.starts_with(prefix)) test.message.erase(0, prefix.size());
      if (test.message.empty() && test.outcome == TestOutcome::failed)
        test.message = has_failed_subtest(test) ? "a subtest failed" : "failed without a message";
    }
    test.out =
        test.outcome == TestOutcome::passed || test.outcome == TestOutcome::skipped ? own : std::string();
    report.cases.push_back(test);
  }
  for (const auto& [package, how] : packages_) {
    if (how.well || has_failure[package]) continue;
    TestCase test;
    test.suite = package;
    test.name = "(the package)";
    test.outcome = TestOutcome::error;
    test.seconds = how.seconds;
    const std::string& output = builds_.contains(package) ? builds_[package] : package_output_[package];
    test.message = builds_.contains(package) ? "does not build" : "failed, though no test of it did";
    test.details = output;
    const CodePlace place = place_in(output);
    test.file = place.file;
    test.line = place.line;
    report.cases.push_back(std::move(test));
  }
  return report;
}

std::optional<TestOutcome> outcome_of_action(std::string_view action) {
  if (action == "pass" || action == "PASS") return TestOutcome::passed;
  if (action == "fail" || action == "FAIL") return TestOutcome::failed;
  if (action == "skip" || action == "SKIP") return TestOutcome::skipped;
  return std::nullopt;
}

// One line of `go test -json` (`go doc test2json`). False if it is something else, as the compiler's own
// output is.
bool take_event(std::string_view line, GoTests& tests) {
  const nlohmann::json event = nlohmann::json::parse(line, nullptr, false);
  if (!event.is_object()) return false;
  const auto text = [&](const char* key) {
    const auto found = event.find(key);
    return found != event.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string action = text("Action");
  if (action.empty()) return false;
  const std::string package = text("Package");
  const std::string name = text("Test");
  const auto elapsed = event.find("Elapsed");
  const double seconds = elapsed != event.end() && elapsed->is_number() ? elapsed->get<double>() : 0;
  if (action == "output") {
    tests.said(package, name, text("Output"));
  } else if (action == "build-output") {
    const std::string path = text("ImportPath");  // "shop/orders [shop/orders.test]"
    tests.build_failed(path.substr(0, path.find(' ')), text("Output"));
  } else if (action == "run") {
    tests.at(package, name);
  } else if (const std::optional<TestOutcome> outcome = outcome_of_action(action)) {
    if (!name.empty()) {
      tests.end(package, name, *outcome, seconds);
    } else {
      tests.package_ended(package, *outcome != TestOutcome::failed, seconds);
    }
  }
  return true;
}

// `go test -v` as text. The package is known only when it has ended.
class GoText {
 public:
  explicit GoText(GoTests& tests) : tests_(tests) {}

  void line(const std::string& raw) {
    const std::size_t begin = std::min(raw.find_first_not_of(' '), raw.size());
    const std::string_view text = std::string_view(raw).substr(begin);
    if (text.starts_with("=== RUN") || text.starts_with("=== CONT") || text.starts_with("=== NAME")) {
      const std::size_t name = text.find_first_not_of(' ', 8);
      current_ = name == std::string_view::npos ? "" : std::string(text.substr(name));
      if (text.starts_with("=== RUN")) heard(current_);
    } else if (text.starts_with("--- ")) {
      const std::size_t colon = text.find(": ");
      if (colon == std::string_view::npos) return;
      const std::size_t time = text.rfind(" (");
      const std::optional<TestOutcome> outcome = outcome_of_action(text.substr(4, colon - 4));
      if (!outcome || time == std::string_view::npos || time < colon) return;
      current_ = std::string(text.substr(colon + 2, time - colon - 2));
      Pending& pending = heard(current_);
      pending.outcome = outcome;
      pending.seconds = seconds_of(text.substr(time + 2, text.size() - time - 3));
    } else if (raw.starts_with("ok  \t") || raw.starts_with("FAIL\t") || raw.starts_with("?   \t") ||
               raw.starts_with("---FAIL")) {
      package(raw);
    } else if (raw == "PASS" || raw == "FAIL") {
      current_.clear();
    } else if (raw.starts_with("# ")) {
      building_ = raw.substr(2, raw.find(' ', 2) - 2);
    } else if (!building_.empty() && pending_.empty()) {
      tests_.build_failed(building_, raw + "\n");
    } else if (!current_.empty()) {
      heard(current_).output += raw + "\n";
    } else {
      package_output_ += raw + "\n";
    }
  }
  void finish() {
    if (!pending_.empty()) flush("(package not named)");
  }

 private:
  struct Pending {
    std::string name;
    std::optional<TestOutcome> outcome;
    double seconds = 0;
    std::string output;
  };
  Pending& heard(const std::string& name) {
    for (Pending& pending : pending_)
      if (pending.name == name) return pending;
    return pending_.emplace_back(Pending{name, {}, 0, {}});
  }
  void flush(const std::string& package) {
    for (const Pending& pending : pending_) {
      tests_.at(package, pending.name);
      tests_.said(package, pending.name, pending.output);
      if (pending.outcome) tests_.end(package, pending.name, *pending.outcome, pending.seconds);
    }
    tests_.said(package, "", package_output_);
    pending_.clear();
    package_output_.clear();
    current_.clear();
  }
  void package(const std::string& raw) {
    std::size_t begin = raw.find('\t') + 1;
    const std::size_t end = std::min(raw.find_first_of("\t ", begin), raw.size());
    const std::string name = raw.substr(begin, end - begin);
    flush(name);
    tests_.package_ended(name, !raw.starts_with("FAIL"),
                         end < raw.size() ? seconds_of(raw.substr(end + 1)) : 0);
    building_.clear();
  }

  GoTests& tests_;
  std::vector<Pending> pending_;
  std::string current_, package_output_, building_;
};

}  // namespace

Result<TestReport> read_gotest(std::string_view whole, const std::string& name) {
  const std::string valid = scribe::valid_utf8(whole);
  const bool is_json = first_line_of(valid).starts_with('{');
  GoTests tests;
  GoText text(tests);
  for (std::string_view rest = valid; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_json && take_event(line, tests)) continue;
    if (is_json && line.starts_with('{') && rest.empty())
      return Failure{fmt::format("`{}` is no readable go test report", name),
                     {"its last line is cut off"},
                     "was the test program ended while it wrote?"};
    text.line(std::string(line));
  }
  text.finish();
  if (tests.empty())
    return Failure{fmt::format("`{}` is no readable go test report", name),
                   {"it holds no event of `go test -json` and no line of `go test -v`"},
                   "write it with `go test -json ./… > report.json`"};
  return tests.report();
}

}  // namespace cairn::report
