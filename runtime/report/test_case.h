// What test programs report, whatever the format it came in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/progress/event.h"

namespace cairn::report {

// failed: the test said no. error: the test could not say anything, or the report itself contradicts what it
// says.
enum class TestOutcome { passed, failed, error, skipped };
std::string_view name_of(TestOutcome outcome);

// All texts are valid UTF-8, otherwise as they were reported: whoever shows them escapes them.
struct TestCase {
  std::string suite;  // nested ones joined by " › "
  std::string name;
  std::string classname;  // may be empty
  TestOutcome outcome = TestOutcome::passed;
  double seconds = 0;
  std::string message;     // one line, most often
  std::string details;     // stack, diff, YAML block
  std::string file;        // as the test program calls it; may be empty
  std::uint32_t line = 0;  // one-based; 0 for unknown
  std::string out;
  std::string err;
  bool operator==(const TestCase&) const = default;
};

struct Coverage {
  std::uint64_t lines_covered = 0, lines = 0;
  std::uint64_t branches_covered = 0, branches = 0;
  double line_rate() const {
    return lines == 0 ? 0 : static_cast<double>(lines_covered) / static_cast<double>(lines);
  }
};

struct TestReport {
  std::vector<TestCase> cases;  // in the order of the file
  std::optional<Coverage> coverage;
};

progress::TestTotals totals_of(const std::vector<TestCase>& cases);

}  // namespace cairn::report
