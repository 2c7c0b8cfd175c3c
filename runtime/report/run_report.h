// A whole run as it is reported at its end: how it went, and every test of every step.
#pragma once

#include <string>
#include <vector>

#include "runtime/progress/run_state.h"
#include "runtime/report/test_case.h"

namespace cairn::report {

// One report that a step made, read.
struct StepTests {
  std::string step;  // the step that was promised to make it: "test.unit:run"
  std::string node;
  std::string path;  // of the report
  TestReport report;
};

struct RunReport {
  progress::RunState run;
  std::vector<StepTests> tests;
};

progress::TestTotals totals_of(const RunReport& report);
// The steps that somebody has to look at, in the order in which they ended; those allowed to fail come last.
std::vector<const progress::StepState*> troubled_steps(const RunReport& report);
// How many steps did not run because of this one.
std::size_t skipped_because_of(const RunReport& report, const std::string& step);

// JUnit for the next reader: one <testsuite> for each step and suite, properties with step and report, and
// one suite "cairn" with the steps that failed without a failing test to say so. Valid against the common
// (Jenkins) schema; always valid UTF-8 and XML 1.0.
std::string merged_junit(const RunReport& report);

// One HTML file: header, stages, what went wrong, tests with filter and search, steps, timeline.
std::string html_report(const RunReport& report);

// For the terminal: what failed, where and why, nothing else; empty if nothing did. `columns` is the width.
std::string failure_table(const RunReport& report, std::size_t columns, bool colour);

}  // namespace cairn::report
