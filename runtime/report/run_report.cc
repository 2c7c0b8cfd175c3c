#include "runtime/report/run_report.h"

#include <algorithm>

namespace cairn::report {

using progress::StepState;

progress::TestTotals totals_of(const RunReport& report) {
  progress::TestTotals all;
  for (const StepTests& tests : report.tests) {
    const progress::TestTotals one = totals_of(tests.report.cases);
    all.passed += one.passed;
    all.failed += one.failed;
    all.errors += one.errors;
    all.skipped += one.skipped;
  }
  return all;
}

std::vector<const StepState*> troubled_steps(const RunReport& report) {
  std::vector<const StepState*> troubled;
  for (const StepState& step : report.run.steps)
    if (step.end && is_trouble(step.end->outcome) && !step.plan.is_virtual) troubled.push_back(&step);
  std::stable_sort(troubled.begin(), troubled.end(), [](const StepState* a, const StepState* b) {
    if (a->end->allowed_to_fail != b->end->allowed_to_fail) return b->end->allowed_to_fail;
    return a->ended_ms.value_or(0) < b->ended_ms.value_or(0);
  });
  return troubled;
}

std::size_t skipped_because_of(const RunReport& report, const std::string& step) {
  return static_cast<std::size_t>(
      std::count_if(report.run.steps.begin(), report.run.steps.end(), [&](const StepState& other) {
        return other.end && !other.plan.is_virtual && other.end->outcome == progress::Outcome::skipped &&
               other.end->root == step;
      }));
}

}  // namespace cairn::report
