#include "runtime/report/ci.h"

#include <fmt/format.h>

#include "runtime/progress/columns.h"
#include "runtime/progress/words.h"
#include "runtime/report/xml_document.h"

namespace cairn::report {

namespace {

constexpr std::size_t largest_summary = 1'000'000;  // bytes
constexpr std::size_t most_issues = 10;             // GitHub: ten errors and ten warnings a step
constexpr std::size_t longest_message = 2000;       // bytes

struct Issue {
  bool is_error = true;
  std::string file;
  std::uint32_t line = 0, column = 0;
  std::string title;
  std::string message;
};

std::string clean(std::string_view text) {
  return scribe::sanitised(text, {.one_line = false, .longest = longest_message});
}

std::vector<Issue> issues_of(const RunReport& report) {
  std::vector<Issue> issues;
  for (const progress::StepState* step : troubled_steps(report)) {
    const progress::StepFinished& end = *step->end;
    std::size_t tests_failed = 0;
    for (const StepTests& tests : report.tests) {
      if (tests.step != step->path) continue;
      for (const TestCase& test : tests.report.cases) {
        if (test.outcome != TestOutcome::failed && test.outcome != TestOutcome::error) continue;
        ++tests_failed;
        const std::string who = test.classname.empty() ? test.suite : test.classname;
        issues.push_back({!end.allowed_to_fail, test.file, test.line, 0,
                          (who.empty() ? "" : who + " › ") + test.name,
                          test.message.empty() ? std::string(name_of(test.outcome)) : test.message});
      }
    }
    if (tests_failed != 0) continue;
    std::string message(progress::shown_outcome(end.outcome));
    if (!end.reason.empty()) message += ": " + end.reason;
    for (const std::string& cause : end.causes) message += "\nbecause " + cause;
    if (!end.help.empty()) message += "\nhelp: " + end.help;
    issues.push_back(
        {!end.allowed_to_fail, end.place.file, end.place.line, end.place.column, step->path, message});
  }
  for (const auto& told : report.run.messages)
    if (told.what.level != progress::Level::info)
      issues.push_back({told.what.level == progress::Level::error, told.what.place.file, told.what.place.line,
                        told.what.place.column, "cairn", told.what.text});
  return issues;
}

// Within a command's property (actions/toolkit: escapeProperty) or its message (escapeData).
std::string github_escaped(std::string_view text, bool property) {
  std::string escaped;
  for (const char c : clean(text)) {
    if (c == '%')
      escaped += "%25";
    else if (c == '\r')
      escaped += "%0D";
    else if (c == '\n')
      escaped += "%0A";
    else if (c == ':' && property)
      escaped += "%3A";
    else if (c == ',' && property)
      escaped += "%2C";
    else
      escaped += c;
  }
  // Old commands are found anywhere in a line.
  return scribe::with_broken_commands(escaped);
}

// azure-pipelines-task-lib: CommandStringConvertor; the agent decodes %AZP25 since 2.168.
std::string azure_escaped(std::string_view text, bool property) {
  std::string escaped;
  for (const char c : scribe::with_broken_commands(clean(text))) {
    if (c == '%')
      escaped += "%AZP25";
    else if (c == '\r')
      escaped += "%0D";
    else if (c == '\n')
      escaped += "%0A";
    else if (c == ']' && property)
      escaped += "%5D";
    else if (c == ';' && property)
      escaped += "%3B";
    else
      escaped += c;
  }
  return escaped;
}

// Text within a table's cell or a line of Markdown: nothing in it is markup, neither Markdown's nor HTML's.
std::string markdown(std::string_view text) {
  std::string escaped;
  for (const char c : clean(text)) {
    switch (c) {
      case '\n':
        escaped += "<br>";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '|':
      case '\\':
      case '`':
      case '*':
      case '_':
      case '[':
      case ']':
      case '#':
      case '~':
      case '!':
      case '$':
      case '@':
        escaped += fmt::format("&#{};", static_cast<int>(c));  // backslashes would not do within tables
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string_view sign_of(progress::Outcome outcome) {
  if (is_trouble(outcome)) return "❌";
  if (outcome == progress::Outcome::succeeded || outcome == progress::Outcome::kept) return "✅";
  return "⚪";
}

}  // namespace

scribe::Ci detect_ci(const std::function<std::optional<std::string>(const std::string& name)>& variable) {
  if (variable("GITHUB_ACTIONS") == "true") return scribe::Ci::github;
  const std::optional<std::string> azure = variable("TF_BUILD");
  return azure == "True" || azure == "true" ? scribe::Ci::azure : scribe::Ci::none;
}

std::string summary_markdown(const RunReport& report) {
  const progress::RunState& run = report.run;
  const bool well = run.end && run.end->exit_code == 0;
  std::string text = fmt::format("## {} {}{}\n\n", well ? "✅" : "❌", markdown(run.start.goal),
                                 run.start.project.empty() ? "" : " · " + markdown(run.start.project));
  if (run.end) text += markdown(progress::shown_end(*run.end)) + "\n\n";

  const std::vector<const progress::StepState*> troubled = troubled_steps(report);
  if (!troubled.empty()) text += "### What went wrong\n\n";
  for (const progress::StepState* step : troubled) {
    const progress::StepFinished& end = *step->end;
    text += fmt::format("- **{}** {} after {}{}", markdown(step->path), progress::shown_outcome(end.outcome),
                        progress::shown_duration(end.seconds),
                        end.reason.empty() ? "" : ": " + markdown(end.reason));
    for (const std::string& cause : end.causes) text += "<br>because " + markdown(cause);
    if (end.place.known()) text += "<br>at " + markdown(progress::shown_place(end.place));
    if (!end.help.empty()) text += "<br>help: " + markdown(end.help);
    if (const std::size_t skipped = skipped_because_of(report, step->path); skipped != 0)
      text += fmt::format("<br>{} steps did not run because of this", skipped);
    text += "\n";
  }
  std::string failing;
  for (const StepTests& tests : report.tests)
    for (const TestCase& test : tests.report.cases)
      if (test.outcome == TestOutcome::failed || test.outcome == TestOutcome::error)
        failing += fmt::format(
            "| {} | {} | {} | {} |\n", markdown(test.classname.empty() ? test.suite : test.classname),
            markdown(test.name), markdown(first_line_of(test.message)), markdown(tests.node));
  if (!failing.empty())
    text += "\n### Tests that failed\n\n| suite | test | message | step |\n|---|---|---|---|\n" + failing;

  text += "\n<details><summary>All steps</summary>\n\n| | step | outcome | duration |\n|---|---|---|---|\n";
  for (const progress::StepState& step : run.steps) {
    if (step.plan.is_virtual || !step.end) continue;
    text += fmt::format("| {} | {} | {} | {} |\n", sign_of(step.end->outcome), markdown(step.path),
                        progress::shown_outcome(step.end->outcome),
                        step.end->seconds > 0 ? progress::shown_duration(step.end->seconds) : "");
  }
  const std::string end = "\n</details>\n";
  if (text.size() + end.size() > largest_summary) {
    text.resize(text.rfind('\n', largest_summary - 200) + 1);
    text += "\n… too long for a summary; the HTML report has all of it\n";
  }
  return text + end;
}

std::string github_annotations(const RunReport& report) {
  std::string text;
  std::size_t errors = 0;
  std::size_t warnings = 0;
  const std::vector<Issue> issues = issues_of(report);
  for (const Issue& issue : issues) {
    std::size_t& count = issue.is_error ? errors : warnings;
    if (++count >= most_issues) continue;
    text += issue.is_error ? "::error " : "::warning ";
    if (!issue.file.empty()) text += "file=" + github_escaped(issue.file, true) + ",";
    if (issue.line != 0) text += fmt::format("line={},", issue.line);
    if (issue.column != 0) text += fmt::format("col={},", issue.column);
    text += "title=" + github_escaped(issue.title, true) + "::" + github_escaped(issue.message, false) + "\n";
  }
  if (errors >= most_issues)
    text +=
        fmt::format("::error title=cairn::… and {} more; the summary has all\n", errors - most_issues + 1);
  if (warnings >= most_issues)
    text += fmt::format("::warning title=cairn::… and {} more; the summary has all\n",
                        warnings - most_issues + 1);
  return text;
}

std::string azure_commands(const RunReport& report, const std::string& junit_path,
                           const std::string& summary_path) {
  std::string text;
  for (const Issue& issue : issues_of(report)) {
    text += fmt::format("##vso[task.logissue type={}", issue.is_error ? "error" : "warning");
    if (!issue.file.empty()) text += ";sourcepath=" + azure_escaped(issue.file, true);
    if (issue.line != 0) text += fmt::format(";linenumber={}", issue.line);
    if (issue.column != 0) text += fmt::format(";columnnumber={}", issue.column);
    text += "]" +
            azure_escaped(issue.title.empty() ? issue.message : issue.title + ": " + issue.message, false) +
            "\n";
  }
  if (!junit_path.empty())
    text += fmt::format(
        "##vso[results.publish "
        "type=JUnit;mergeResults=true;publishRunAttachments=true;runTitle={};resultFiles={};]\n",
        azure_escaped("cairn " + report.run.start.goal, true), azure_escaped(junit_path, true));
  if (!summary_path.empty()) text += "##vso[task.uploadsummary]" + azure_escaped(summary_path, false) + "\n";
  return text;
}

}  // namespace cairn::report
