#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "runtime/progress/columns.h"
#include "runtime/progress/page.h"
#include "runtime/progress/timeline.h"
#include "runtime/progress/words.h"
#include "runtime/report/html_assets.h"
#include "runtime/report/run_report.h"
#include "runtime/report/xml_document.h"
#include "runtime/scribe/log_line.h"

namespace cairn::report {

namespace {

using progress::html;
using progress::Outcome;
using progress::shown_duration;
using progress::StepState;

constexpr std::size_t most_passed = 20'000;      // rows; a browser is slow beyond that, and junit.xml has all
constexpr std::size_t longest_text = 64 * 1024;  // bytes of one test's details or output

std::string_view class_of(Outcome outcome) {
  if (is_trouble(outcome)) return "bad";
  if (outcome == Outcome::succeeded || outcome == Outcome::kept) return "ok";
  return "idle";
}
std::string_view class_of(TestOutcome outcome) {
  return outcome == TestOutcome::passed ? "ok" : outcome == TestOutcome::skipped ? "idle" : "bad";
}

std::string pill(std::string_view colour, std::string_view text) {
  return fmt::format("<span class=\"pill {}\">{}</span>", colour, html(text));
}

std::string tile(std::string_view label, const std::string& value, const std::string& below,
                 std::string_view colour = {}) {
  return fmt::format(
      "<div class=\"card tile\"><div class=\"soft\">{}</div><div class=\"value {}\">{}</div><div "
      "class=\"soft\">{}</div></div>\n",
      html(label), colour, html(value), html(below));
}

// A message of ours: what stands in backticks is code.
std::string rich(std::string_view text) {
  std::string result;
  bool is_code = false;
  const std::string escaped = html(text);
  for (std::size_t at = 0; at < escaped.size(); ++at) {
    if (escaped[at] != '`' || (!is_code && escaped.find('`', at + 1) == std::string::npos)) {
      result += escaped[at];
      continue;
    }
    is_code = !is_code;
    result += is_code ? "<code>" : "</code>";
  }
  return result;
}

std::string cut(std::string_view text) {
  if (text.size() <= longest_text) return std::string(text);
  return fmt::format("{}\n… ({} more bytes)", text.substr(0, longest_text), text.size() - longest_text);
}

// A block of output; lines of a diff are coloured when it is one.
std::string output_block(std::string_view text, std::string_view kind = {}) {
  const std::string whole = cut(text);
  const bool is_diff = kind == "diff";
  std::string inside;
  for (std::string_view rest = whole; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::string_view mark = is_diff && line.starts_with('+')   ? "add"
                                  : is_diff && line.starts_with('-') ? "del"
                                                                     : "";
    inside += mark.empty() ? html(line) : fmt::format("<span class=\"{}\">{}</span>", mark, html(line));
    inside += '\n';
  }
  return fmt::format("<pre class=\"out\">{}</pre>", inside);
}

bool looks_like_diff(std::string_view text) {
  bool plus = text.starts_with('+');
  bool minus = text.starts_with('-');
  for (std::size_t at = text.find('\n'); at != std::string_view::npos && at + 1 < text.size();
       at = text.find('\n', at + 1)) {
    plus = plus || text[at + 1] == '+';
    minus = minus || text[at + 1] == '-';
  }
  return plus && minus;
}

std::string header(const RunReport& report, const std::string& links) {
  const progress::RunState& run = report.run;
  std::string_view colour = "run";
  std::string said = "still running, or ended without a word";
  if (run.end) {
    colour = run.end->exit_code == 0 ? "ok" : run.end->exit_code == 130 ? "warn" : "bad";
    said = run.end->exit_code == 0     ? "succeeded"
           : run.end->exit_code == 130 ? "cancelled"
                                       : fmt::format("failed · exit code {}", run.end->exit_code);
  }
  std::string text = fmt::format("<header><div class=\"head\"><h1>{}</h1>{}</div>\n<p class=\"soft meta\">",
                                 html(run.start.goal), pill(colour, said));
  std::vector<std::string> facts = {run.start.project, run.start.file};
  std::string began = scribe::shown_time(run.wall_ms).substr(0, 19) + " UTC";
  began[10] = ' ';
  facts.push_back(began);
  facts.push_back("run " + run.run);
  if (!run.start.engine.empty()) facts.push_back(run.start.engine);
  if (!run.start.host.empty()) facts.push_back("from " + run.start.host);
  facts.push_back("cairn " + run.start.cairn);
  for (const std::string& fact : facts)
    if (!fact.empty()) text += fmt::format("<span>{}</span>", html(fact));
  return text + "</p>" + links + "</header>\n";
}

std::string tiles(const RunReport& report) {
  const progress::RunState& run = report.run;
  const progress::Counts counts = counts_of(run);
  const progress::TestTotals tests = totals_of(report);
  std::string text = "<div class=\"tiles\">\n";
  const double seconds = run.end ? run.end->seconds : static_cast<double>(run.time_ms) / 1000;
  text += tile("Duration", shown_duration(seconds), fmt::format("{} steps", counts.done));
  std::string others;
  for (std::size_t i = 0; i < progress::outcome_count; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    const bool is_headline = counts.trouble == 0 ? outcome == Outcome::succeeded : outcome == Outcome::failed;
    if (counts.outcomes[i] == 0 || is_headline) continue;
    others += fmt::format("{}{} {}", others.empty() ? "" : ", ", counts.outcomes[i],
                          progress::shown_outcome(outcome));
  }
  text += counts.trouble == 0 ? tile("Steps", fmt::format("{} succeeded", counts.outcomes[0]),
                                     others.empty() ? "and nothing else" : others, "ok-text")
                              : tile("Steps", fmt::format("{} of {} failed", counts.trouble, counts.done),
                                     others, "bad-text");
  if (tests.all() != 0) {
    std::string below = fmt::format("{} passed", tests.passed);
    if (tests.skipped != 0) below += fmt::format(", {} skipped", tests.skipped);
    const std::uint64_t bad = tests.failed + tests.errors;
    text += bad == 0 ? tile("Tests", fmt::format("{} tests", tests.all()), below, "ok-text")
                     : tile("Tests", fmt::format("{} of {} failed", bad, tests.all()), below, "bad-text");
  }
  Coverage coverage;
  for (const StepTests& one : report.tests) {
    if (!one.report.coverage) continue;
    coverage.lines += one.report.coverage->lines;
    coverage.lines_covered += one.report.coverage->lines_covered;
  }
  if (coverage.lines != 0)
    text += tile("Lines covered", fmt::format("{:.1f}%", coverage.line_rate() * 100),
                 fmt::format("{} of {}", coverage.lines_covered, coverage.lines));
  return text + "</div>\n";
}

std::string stages(const RunReport& report) {
  struct Stage {
    std::size_t steps = 0, trouble = 0, skipped = 0, unfinished = 0;
    std::optional<std::int64_t> begins, ends;
  };
  std::map<std::string, Stage> by_name;
  std::vector<std::string> order = report.run.start.stages;
  for (const StepState& step : report.run.steps) {
    if (step.plan.is_virtual || step.plan.stage.empty()) continue;
    if (std::find(order.begin(), order.end(), step.plan.stage) == order.end())
      order.push_back(step.plan.stage);
    Stage& stage = by_name[step.plan.stage];
    ++stage.steps;
    if (!step.end)
      ++stage.unfinished;
    else if (is_trouble(step.end->outcome) && !step.end->allowed_to_fail)
      ++stage.trouble;
    else if (step.end->outcome == Outcome::skipped || step.end->outcome == Outcome::cancelled)
      ++stage.skipped;
    if (step.started_ms) stage.begins = std::min(stage.begins.value_or(*step.started_ms), *step.started_ms);
    if (step.started_ms && step.ended_ms) stage.ends = std::max(stage.ends.value_or(0), *step.ended_ms);
  }
  if (order.empty()) return {};
  std::string text = "<ol class=\"stages\">\n";
  for (const std::string& name : order) {
    const Stage& stage = by_name[name];
    const bool ran = stage.begins && stage.ends;
    const std::string_view colour = stage.trouble != 0                     ? "bad"
                                    : !ran || stage.skipped == stage.steps ? "idle"
                                    : stage.unfinished != 0                ? "run"
                                                                           : "ok";
    const std::string how = stage.trouble != 0
                                ? fmt::format("{} of {} steps failed", stage.trouble, stage.steps)
                            : !ran                  ? "did not run"
                            : stage.unfinished != 0 ? fmt::format("{} steps not ended", stage.unfinished)
                                                    : fmt::format("{} steps", stage.steps);
    text += fmt::format(
        "<li class=\"card {}\"><b>{}</b><span class=\"soft\">{}{}</span></li>\n", colour, html(name), how,
        ran ? " · " + shown_duration(static_cast<double>(*stage.ends - *stage.begins) / 1000) : "");
  }
  return text + "</ol>\n";
}

std::string test_details(const TestCase& test) {
  std::string text;
  const bool bad = test.outcome == TestOutcome::failed || test.outcome == TestOutcome::error;
  if (!test.file.empty() && bad)
    text += fmt::format("<p class=\"mono soft\">{}</p>",
                        html(test.line == 0 ? test.file : fmt::format("{}:{}", test.file, test.line)));
  if (!test.message.empty()) text += fmt::format("<p class=\"message\">{}</p>", html(cut(test.message)));
  if (!test.details.empty()) text += output_block(test.details, looks_like_diff(test.details) ? "diff" : "");
  if (!test.out.empty()) text += "<h4>output</h4>" + output_block(test.out);
  if (!test.err.empty()) text += "<h4>error output</h4>" + output_block(test.err);
  return text;
}

std::string trouble(const RunReport& report) {
  const std::vector<const StepState*> troubled = troubled_steps(report);
  std::string text;
  for (const StepState* step : troubled) {
    const progress::StepFinished& end = *step->end;
    text += fmt::format(
        "<article class=\"card trouble{}\"><div class=\"head\"><h3 class=\"mono\">{}</h3>{}<span "
        "class=\"soft\">after {}</span></div>\n",
        end.allowed_to_fail ? " allowed" : "", html(step->path),
        pill(end.allowed_to_fail ? "warn" : "bad",
             std::string(progress::shown_outcome(end.outcome)) + (end.allowed_to_fail ? ", allowed to" : "")),
        shown_duration(end.seconds));
    if (!end.reason.empty()) text += fmt::format("<p class=\"message\">{}</p>", rich(end.reason));
    if (!end.causes.empty()) {
      text += "<ul class=\"causes\">";
      for (const std::string& cause : end.causes) text += fmt::format("<li>{}</li>", rich(cause));
      text += "</ul>";
    }
    std::string small;
    if (end.place.known())
      small += fmt::format("<span class=\"mono\">{}</span>", html(progress::shown_place(end.place)));
    if (end.attempt > 1) small += fmt::format("<span>{} attempts</span>", end.attempt);
    if (end.exit_code) small += fmt::format("<span>exit code {}</span>", *end.exit_code);
    if (const std::size_t skipped = skipped_because_of(report, step->path); skipped != 0)
      small +=
          fmt::format("<span>{} step{} did not run because of this</span>", skipped, skipped == 1 ? "" : "s");
    if (!small.empty()) text += "<p class=\"soft meta\">" + small + "</p>";
    if (!end.log_tail.empty()) {
      std::string tail;
      for (const std::string& line : end.log_tail) tail += line + "\n";
      text += "<h4>last lines of its log</h4>" + output_block(tail);
    }
    if (!end.help.empty()) text += fmt::format("<p class=\"help\">{}</p>", rich(end.help));
    text += "</article>\n";
  }
  if (report.run.end)
    for (const std::string& left : report.run.end->left_behind)
      text += fmt::format("<article class=\"card trouble allowed\">{} {}</article>\n",
                          pill("warn", "left behind"), rich(left));
  for (const auto& told : report.run.messages) {
    if (told.what.level == progress::Level::info) continue;
    const bool error = told.what.level == progress::Level::error;
    text += fmt::format("<article class=\"card trouble{}\">{} {}", error ? "" : " allowed",
                        pill(error ? "bad" : "warn", error ? "error" : "warning"), rich(told.what.text));
    if (told.what.place.known())
      text +=
          fmt::format(" <span class=\"mono soft\">{}</span>", html(progress::shown_place(told.what.place)));
    if (!told.what.help.empty()) text += fmt::format("<p class=\"help\">{}</p>", rich(told.what.help));
    text += "</article>\n";
  }
  if (text.empty()) return {};
  return std::string("<h2>") + (troubled.empty() ? "Worth knowing" : "What went wrong") + "</h2>\n" + text;
}

std::string test_row(const StepTests& tests, const TestCase& test) {
  const bool bad = test.outcome == TestOutcome::failed || test.outcome == TestOutcome::error;
  const std::string where = test.classname.empty() ? test.suite : test.classname;
  std::string name =
      fmt::format("<span class=\"name\">{}</span>{}", html(test.name),
                  where.empty() ? "" : fmt::format("<span class=\"soft where\">{}</span>", html(where)));
  const std::string details = test_details(test);
  if (!details.empty())
    name = fmt::format("<details{}><summary>{}</summary>{}</details>", bad ? " open" : "", name, details);
  return fmt::format(
      "<tr class=\"{0}\"><td>{1}</td><td>{2}</td><td class=\"mono soft\">{3}</td><td class=\"time-cell\" "
      "data-s=\"{4:.3f}\">{5}</td></tr>\n",
      class_of(test.outcome), pill(class_of(test.outcome), name_of(test.outcome)), name, html(tests.node),
      test.seconds,
      test.seconds == 0       ? ""
      : test.seconds < 0.0995 ? fmt::format("{:.0f}ms", test.seconds * 1000)
                              : shown_duration(test.seconds));
}

std::string tests_section(const RunReport& report) {
  const progress::TestTotals totals = totals_of(report);
  if (totals.all() == 0) return {};
  std::string text = fmt::format(
      "<h2 id=\"s-tests\">Tests</h2>\n<div class=\"tools\" id=\"tools\" hidden><input id=\"search\" "
      "type=\"search\" "
      "placeholder=\"Search tests, suites, messages ( / )\" aria-label=\"search tests\">"
      "<div class=\"filters\" role=\"group\" aria-label=\"outcome\">"
      "<button type=\"button\" data-show=\"all\" aria-pressed=\"true\">all {}</button><button "
      "type=\"button\" data-show=\"bad\" aria-pressed=\"false\">failed {}</button>"
      "<button type=\"button\" data-show=\"idle\" aria-pressed=\"false\">skipped {}</button><button "
      "type=\"button\" data-show=\"ok\" aria-pressed=\"false\">passed {}</button></div>"
      "<button type=\"button\" id=\"slowest\" aria-pressed=\"false\">slowest first</button></div>\n",
      totals.all(), totals.failed + totals.errors, totals.skipped, totals.passed);
  // What failed comes first, then what was skipped.
  std::string rows;
  std::size_t passed = 0;
  for (const std::string_view colour : {"bad", "idle", "ok"})
    for (const StepTests& tests : report.tests)
      for (const TestCase& test : tests.report.cases)
        if (class_of(test.outcome) == colour && (colour != "ok" || ++passed <= most_passed))
          rows += test_row(tests, test);
  text +=
      "<div class=\"card scroll\"><table "
      "id=\"tests\"><thead><tr><th>outcome</th><th>test</th><th>step</th><th>time</th></tr></"
      "thead><tbody>\n" +
      rows + "</tbody></table><p id=\"none\" class=\"soft\" hidden>No test fits.</p></div>\n";
  if (passed > most_passed)
    text += fmt::format("<p class=\"soft\">… and {} more passed tests; junit.xml has them all</p>\n",
                        passed - most_passed);
  return text;
}

std::string steps_section(const RunReport& report) {
  std::string rows;
  for (const StepState& step : report.run.steps) {
    if (step.plan.is_virtual) continue;
    const std::string_view colour = !step.end ? "run"
                                    : step.end->allowed_to_fail && is_trouble(step.end->outcome)
                                        ? "warn"
                                        : class_of(step.end->outcome);
    std::string why =
        step.end ? step.end->reason : std::string(step.started_ms ? "not ended" : "never started");
    if (step.end && !step.end->root.empty()) why += (why.empty() ? "" : ": ") + step.end->root;
    rows += fmt::format(
        "<tr><td>{}</td><td class=\"mono\">{}</td><td class=\"soft\">{}</td><td class=\"soft\">{}</td><td "
        "class=\"time-cell\">{}</td><td class=\"time-cell\">{}</td></tr>\n",
        pill(colour, step.end ? progress::shown_outcome(step.end->outcome) : "open"), html(step.path),
        html(step.plan.kind), html(why),
        step.started_ms ? shown_duration(static_cast<double>(*step.started_ms) / 1000) : "",
        step.end && step.started_ms ? shown_duration(step.end->seconds) : "");
  }
  if (rows.empty()) return {};
  return "<h2 id=\"s-steps\">Steps</h2>\n<div class=\"card scroll\"><table "
         "class=\"steps\"><thead><tr><th>outcome</th><th>step</th><th>kind</th><th>why</th><th>began "
         "after</th><th>took</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div>\n";
}

std::string collected(const RunReport& report) {
  std::string rows;
  for (const auto& told : report.run.artifacts)
    rows += fmt::format(
        "<tr><td>artifact</td><td class=\"mono\">{}</td><td class=\"mono soft\">{}</td><td "
        "class=\"time-cell\">{}</td></tr>\n",
        html(told.what.name), html(told.what.path), progress::shown_bytes(told.what.bytes));
  for (const auto& told : report.run.reports)
    rows += fmt::format(
        "<tr><td>{}</td><td class=\"mono\">{}</td><td class=\"soft\">{}</td><td></td></tr>\n",
        html(told.what.format), html(told.what.path),
        !told.what.problem.empty() ? pill("bad", "missing or unreadable") + " " + html(told.what.problem)
        : told.what.line_coverage  ? fmt::format("{:.1f}% of lines", *told.what.line_coverage * 100)
                                   : html(progress::shown_tests(told.what.totals)));
  if (rows.empty()) return {};
  return "<h2 id=\"s-collected\">Collected</h2>\n<div class=\"card scroll\"><table><tbody>\n" + rows +
         "</tbody></table></div>\n";
}

}  // namespace

std::string html_report(const RunReport& report) {
  progress::Page page;
  const bool well = report.run.end && report.run.end->exit_code == 0;
  page.title = fmt::format("{} {} · {}", well ? "✓" : "✗", report.run.start.goal, report.run.start.project);
  page.style = std::string(report_style()) + progress::timeline_style();
  page.script = report_script();
  const std::string drawing = progress::timeline_body(report.run);
  struct Section {
    std::string_view id, name;
    std::string text;
  };
  const std::vector<Section> sections = {
      {"", "", trouble(report)},
      {"s-tests", "Tests", tests_section(report)},
      {"s-timeline", "Timeline", drawing.empty() ? "" : "<h2 id=\"s-timeline\">Timeline</h2>\n" + drawing},
      {"s-steps", "Steps", steps_section(report)},
      {"s-collected", "Collected", collected(report)}};
  std::string links;
  std::string body;
  for (const Section& section : sections) {
    if (!section.text.empty() && !section.id.empty())
      links += fmt::format("<a href=\"#{}\">{}</a>", section.id, section.name);
    body += section.text;
  }
  page.body = "<main>\n" + header(report, "<nav>" + links + "</nav>") + tiles(report) + stages(report) +
              body + "</main>\n";
  return shown_page(page);
}

}  // namespace cairn::report
