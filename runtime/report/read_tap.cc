#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "runtime/report/read_report.h"
#include "runtime/report/xml_document.h"
#include "runtime/scribe/sanitise.h"

namespace cairn::report {

namespace {

constexpr std::size_t deepest_subtest = 20;  // subtests within subtests

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

bool begins_with_word(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i)
    if (static_cast<char>(std::tolower(static_cast<unsigned char>(text[i]))) != lower[i]) return false;
  return true;
}

struct Plan {
  std::uint64_t tests = 0;
  std::string skip;  // the reason of a plan of none
};

// "1..5", "1..0 # SKIP no database".
std::optional<Plan> plan_of(std::string_view line) {
  if (!line.starts_with("1..")) return std::nullopt;
  Plan plan;
  const char* end = line.data() + line.size();
  const auto [after, problem] = std::from_chars(line.data() + 3, end, plan.tests);
  if (problem != std::errc()) return std::nullopt;
  std::string_view rest = trimmed({after, static_cast<std::size_t>(end - after)});
  if (!rest.empty() && rest.front() != '#') return std::nullopt;
  if (!rest.empty()) plan.skip = trimmed(rest.substr(1));
  return plan;
}

struct Point {
  bool good = false;
  std::optional<std::uint64_t> number;
  std::string name;
  std::string skip, todo;  // the directive with its reason
};

std::optional<Point> point_of(std::string_view line) {
  Point point;
  point.good = line.starts_with("ok");
  if (!point.good && !line.starts_with("not ok")) return std::nullopt;
  line.remove_prefix(point.good ? 2 : 6);
  if (!line.empty() && line.front() != ' ' && line.front() != '\t') return std::nullopt;  // "okay"
  line = trimmed(line);
  std::uint64_t number = 0;
  const auto [after, problem] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (problem == std::errc()) {
    point.number = number;
    line = trimmed({after, static_cast<std::size_t>(line.data() + line.size() - after)});
  }
  if (line.starts_with("- ")) line = trimmed(line.substr(2));
  if (line == "-") line = {};
  // The directive begins at the last unescaped hash that is followed by its word.
  for (std::size_t at = line.size(); at-- > 0;) {
    if (line[at] != '#' || (at > 0 && line[at - 1] == '\\')) continue;
    const std::string_view directive = trimmed(line.substr(at + 1));
    std::string* which = begins_with_word(directive, "skip")   ? &point.skip
                         : begins_with_word(directive, "todo") ? &point.todo
                                                               : nullptr;
    if (which == nullptr) continue;
    *which = directive;
    line = trimmed(line.substr(0, at));
    break;
  }
  for (std::size_t i = 0; i < line.size(); ++i) {  // TAP 14 escapes hashes and backslashes
    if (line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == '#' || line[i + 1] == '\\')) ++i;
    point.name += line[i];
  }
  return point;
}

// "at t/orders.t line 12."
std::optional<CodePlace> perl_place(std::string_view said) {
  const std::size_t middle = said.rfind(" line ");
  if (!said.starts_with("at ") || middle == std::string_view::npos || middle < 3 || !said.ends_with('.'))
    return std::nullopt;
  CodePlace place{std::string(said.substr(3, middle - 3)), 0};
  std::from_chars(said.data() + middle + 6, said.data() + said.size(), place.line);
  return place.line == 0 ? std::nullopt : std::optional(place);
}

// "key: value" of a diagnostic block, quotes taken off.
void take_yaml(std::string_view line, TestCase& test) {
  line = trimmed(line);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view key = line.substr(0, colon);
  std::string_view value = trimmed(line.substr(colon + 1));
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
    value = value.substr(1, value.size() - 2);
  if (value.empty() || value == "|" || value == "|-" || value == ">" || value == ">-") return;
  if (key == "message" && test.message.empty()) test.message = value;
  if (key == "error" && test.message.empty()) test.message = value;
  if (key == "duration_ms" || key == "time") test.seconds = seconds_of(value) / 1000;
  if (key == "file" && test.file.empty()) test.file = value;
  if (key == "line" && test.line == 0) test.line = static_cast<std::uint32_t>(seconds_of(value));
}

class TapReader {
 public:
  Result<TestReport> read(std::string_view text, const std::string& name);

 private:
  struct Level {  // the document, or a subtest
    std::string suite;
    std::optional<Plan> plan;
    std::uint64_t seen = 0;
    std::size_t first_case = 0;
  };
  void line(std::string_view raw);
  void test_line(const Point& point);
  void close_level();
  void add_error(const std::string& suite, std::string name, std::string message);

  TestReport report_;
  std::vector<Level> levels_{Level{}};
  std::map<std::size_t, std::string> announced_;  // by depth, from "# Subtest: name"
  std::optional<std::size_t> last_;               // the case that diagnostics belong to
  std::optional<std::size_t> yaml_indent_;
  std::optional<std::size_t>
      message_indent_;  // within a block text that is the message, how far its key is in
  std::optional<std::string> bail_out_;
  bool is_tap_ = false;
};

void TapReader::add_error(const std::string& suite, std::string name, std::string message) {
  TestCase test;
  test.suite = suite;
  test.name = std::move(name);
  test.outcome = TestOutcome::error;
  test.message = std::move(message);
  report_.cases.push_back(std::move(test));
}

void TapReader::close_level() {
  const Level& level = levels_.back();
  if (level.plan && level.plan->tests == 0 && level.seen == 0) {
    TestCase test;
    test.suite = level.suite;
    test.name = "(all tests)";
    test.outcome = TestOutcome::skipped;
    test.message = level.plan->skip;
    if (!level.plan->skip.empty()) report_.cases.push_back(std::move(test));
  } else if (level.plan && level.plan->tests != level.seen) {
    add_error(level.suite, "(the plan)",
              fmt::format("{} tests were planned, {} ran", level.plan->tests, level.seen));
  } else if (!level.plan && !bail_out_ && levels_.size() == 1) {
    add_error(level.suite, "(the plan)",
              fmt::format("there is no plan: nobody knows whether more than these {} tests should have run",
                          level.seen));
  }
}

void TapReader::test_line(const Point& point) {
  is_tap_ = true;
  announced_.erase(announced_.lower_bound(levels_.size() - 1), announced_.end());
  Level& level = levels_.back();
  ++level.seen;
  TestCase test;
  test.suite = level.suite;
  test.name = point.name.empty() ? fmt::format("test {}", point.number.value_or(level.seen)) : point.name;
  if (!point.skip.empty()) {
    test.outcome = TestOutcome::skipped;
    test.message = point.skip;
  } else if (!point.todo.empty()) {
    test.outcome = point.good ? TestOutcome::passed : TestOutcome::skipped;
    test.message = point.todo;
  } else {
    test.outcome = point.good ? TestOutcome::passed : TestOutcome::failed;
  }
  report_.cases.push_back(std::move(test));
  last_ = report_.cases.size() - 1;
}

void TapReader::line(std::string_view raw) {
  if (raw.ends_with('\r')) raw.remove_suffix(1);
  const std::size_t indent = std::min(raw.find_first_not_of(' '), raw.size());
  const std::string_view text = raw.substr(indent);
  if (yaml_indent_) {
    if (text == "..." && indent == *yaml_indent_) {
      yaml_indent_.reset();
      message_indent_.reset();
    } else if (last_) {
      TestCase& test = report_.cases[*last_];
      test.details += std::string(raw.substr(std::min(indent, *yaml_indent_))) + "\n";
      if (message_indent_ && indent > *message_indent_) {
        test.message += (test.message.empty() ? "" : "\n") + std::string(text);
      } else {
        message_indent_.reset();
        const bool is_message = text.starts_with("message: ") || text.starts_with("error: ");
        if (is_message && (text.ends_with("|") || text.ends_with("|-")) && test.message.empty())
          message_indent_ = indent;
        else
          take_yaml(raw, test);
      }
    }
    return;
  }
  if (text.empty() || bail_out_) return;
  if (begins_with_word(text, "bail out!")) {
    bail_out_ = std::string(trimmed(text.substr(9)));
    is_tap_ = true;
    return;
  }
  if (text == "---" && last_ && indent > 0) {
    yaml_indent_ = indent;
    return;
  }
  if (text.starts_with("# Subtest")) {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos) announced_[indent / 4] = trimmed(text.substr(colon + 1));
    return;
  }

  const std::optional<Plan> plan = plan_of(text);
  const std::optional<Point> point = plan ? std::nullopt : point_of(text);
  if (plan || point) {
    // Four spaces are one level of subtests; psql puts a single one before everything.
    const std::size_t depth = std::min(indent / 4, deepest_subtest);
    while (levels_.size() > depth + 1) {
      const Level inner = levels_.back();
      close_level();
      levels_.pop_back();
      if (levels_.size() != depth + 1 || !point) continue;
      // The point after a subtest sums it up: it is no test of its own, unless it failed and nothing within
      // did.
      const std::string name = point->name;
      bool failed_within = false;
      for (std::size_t i = inner.first_case; i < report_.cases.size(); ++i) {
        TestCase& test = report_.cases[i];
        failed_within =
            failed_within || test.outcome == TestOutcome::failed || test.outcome == TestOutcome::error;
        if (inner.suite.empty() || test.suite.empty()) test.suite = name;
      }
      if (report_.cases.size() > inner.first_case && (point->good || failed_within)) {
        ++levels_.back().seen;
        last_ = report_.cases.size() - 1;
        return;
      }
    }
    while (levels_.size() < depth + 1) {
      Level level;
      level.first_case = report_.cases.size();
      level.suite = levels_.back().suite;
      // Announced by its parent (Node, TAP 14) or at its own indent (Perl).
      auto name = announced_.find(levels_.size() - 1);
      if (name == announced_.end()) name = announced_.find(levels_.size());
      if (name != announced_.end()) {
        level.suite += (level.suite.empty() ? "" : " › ") + name->second;
        announced_.erase(name);
      }
      levels_.push_back(level);
    }
    if (plan) {
      is_tap_ = true;
      levels_.back().plan = plan;
      if (levels_.back().seen != 0) last_.reset();  // what follows a plan at the end is about the whole
    } else {
      test_line(*point);
    }
    return;
  }
  if (text.starts_with("TAP version ")) {
    is_tap_ = true;
  } else if (last_ && text.front() == '#') {
    TestCase& test = report_.cases[*last_];
    const std::string said(trimmed(text.substr(1)));
    // "# Looks like you failed 1 test of 3" is about the whole, not the last test.
    if (said.starts_with("Looks like") || test.outcome == TestOutcome::passed) return;
    const bool is_first_half = test.message.starts_with("have:") || test.message.starts_with("got:");
    if (is_first_half && (said.starts_with("want:") || said.starts_with("expected:"))) {
      test.message += ", " + said;
    } else if (const std::optional<CodePlace> place = perl_place(said)) {
      test.file = place->file;
      test.line = place->line;
    } else if (test.message.empty() && !said.starts_with("Failed test")) {
      test.message = said;
    }
    test.details += said + "\n";
  } else if (last_ && !text.starts_with("pragma ")) {
    report_.cases[*last_].out += std::string(raw) + "\n";
  }
}

Result<TestReport> TapReader::read(std::string_view whole, const std::string& name) {
  const std::string valid = scribe::valid_utf8(whole);
  for (std::string_view text = valid; !text.empty();) {
    const std::string_view one = text.substr(0, text.find('\n'));
    line(one);
    text.remove_prefix(std::min(text.size(), one.size() + 1));
  }
  if (!is_tap_)
    return Failure{fmt::format("`{}` is no readable TAP report", name),
                   {"no line of it is a plan (`1..5`) or a result (`ok 1 - name`)"},
                   "the first line is: " + first_line_of(valid).substr(0, 200)};
  if (yaml_indent_)
    add_error(levels_.back().suite, "(the report)",
              "it ends within a diagnostic block: the test program was probably ended");
  while (!levels_.empty()) {
    if (!bail_out_) close_level();
    levels_.pop_back();
  }
  if (bail_out_) add_error("", "(bail out)", bail_out_->empty() ? "the test program gave up" : *bail_out_);
  for (TestCase& test : report_.cases) {
    if (test.outcome == TestOutcome::failed && test.message.empty())
      test.message = first_line_of(test.details);
    if (test.file.empty() && test.outcome == TestOutcome::failed) {
      const CodePlace place = place_in(test.details);
      test.file = place.file;
      test.line = place.line;
    }
  }
  return std::move(report_);
}

}  // namespace

Result<TestReport> read_tap(std::string_view text, const std::string& name) {
  return TapReader().read(text, name);
}

}  // namespace cairn::report
