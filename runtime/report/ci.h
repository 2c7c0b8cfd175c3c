// What the CI system around us understands: annotations, summaries, uploads. These lines are meant to be
// obeyed; everything in them that comes from outside is escaped by that system's own rules.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runtime/report/run_report.h"
#include "runtime/scribe/sanitise.h"

namespace cairn::report {

// From GITHUB_ACTIONS=true and TF_BUILD=True. `variable` gives nothing for one that is not set.
scribe::Ci detect_ci(const std::function<std::optional<std::string>(const std::string& name)>& variable);

// Markdown for the file named by GITHUB_STEP_SUMMARY (at most 1 MiB, GitHub's limit) and for Azure's upload.
std::string summary_markdown(const RunReport& report);

// `::error file=…,line=…::message` lines for standard output: GitHub shows ten of each level, so the most
// important come first and the last one says how many are left out.
std::string github_annotations(const RunReport& report);

// `##vso[task.logissue …]` lines, the upload of the merged JUnit, and of the summary if it was written to a
// file. The paths are absolute, as the agent runs elsewhere.
std::string azure_commands(const RunReport& report, const std::string& junit_path,
                           const std::string& summary_path);

}  // namespace cairn::report
