// What steps have reported, kept in the run's folder as it comes in: a run that is resumed reports it, too.
#pragma once

#include <string>
#include <vector>

#include "runtime/effects/result.h"
#include "runtime/report/run_report.h"

namespace cairn::report {

struct KeptTests {
  std::string key;  // what comes later under the same key replaces it
  StepTests tests;
};

// Appends to `tests.ndjson` of the folder; from any thread.
Result<Done> keep_tests(const std::string& run_folder, const KeptTests& tests);
// In the order of keeping; what cannot be read (a torn last line) is left out.
std::vector<KeptTests> kept_tests(const std::string& run_folder);

}  // namespace cairn::report
