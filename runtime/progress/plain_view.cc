#include "runtime/progress/plain_view.h"

#include <fmt/format.h>

#include "runtime/progress/columns.h"
#include "runtime/progress/words.h"
#include "runtime/scribe/log_line.h"

namespace cairn::progress {

namespace {

std::string_view phase_of(const Event& event) {
  const std::size_t colon = event.step.rfind(':');
  return colon == std::string::npos ? std::string_view() : std::string_view(event.step).substr(colon + 1);
}

// What a block is known by: its own name where the phase says nothing more.
bool is_main_phase(std::string_view phase) {
  return phase == "run" || phase == "make" || phase == "ready";
}

// Steps that only serve others: nobody reads about them as long as they go well and fast.
bool is_plumbing(const Event& event) {
  const std::string_view phase = phase_of(event);
  return !phase.empty() && !is_main_phase(phase);
}
bool went_by(const StepFinished& end) {
  return end.outcome == Outcome::not_needed ||
         ((end.outcome == Outcome::succeeded || end.outcome == Outcome::kept) && end.seconds < 1);
}

// Writes one event's lines: prefix, mark, text.
class Lines {
 public:
  Lines(const Event& event, const PlainOptions& options) : event_(event), options_(options) {}

  void operator()(const RunStarted& run) {
    line("", fmt::format("cairn {} · {} · run {}", run.goal, run.project, event_.run));
    if (!run.engine.empty()) line("", fmt::format("on {}", run.engine));
  }
  void operator()(const StepPlanned&) {}
  void operator()(const StepWaiting& waiting) {
    if (!waiting.on.empty()) line("", "waits for " + shown_waits(waiting.on, 3));
  }
  void operator()(const StepStarted& started) {
    if (is_plumbing(event_) && started.attempt == 1) return;
    line("", started.attempt > 1 ? fmt::format("started, attempt {}", started.attempt) : "started");
  }
  void operator()(const StepProgress& progress) {
    line("", progress.fraction ? fmt::format("{:3.0f}% {}", *progress.fraction * 100, progress.text)
                               : progress.text);
  }
  void operator()(const StepLog& log) {
    if (options_.logs) line("| ", log.line, log.stream == Stream::err ? "33" : "");
  }
  void operator()(const StepFinished& end) {
    const bool trouble = is_trouble(end.outcome);
    if ((options_.quiet && !trouble) || (is_plumbing(event_) && went_by(end))) return;
    const std::string took = end.seconds > 0 ? " in " + shown_duration(end.seconds) : "";
    std::string text = std::string(shown_outcome(end.outcome)) + took;
    if (!end.reason.empty()) text += ": " + end.reason;
    if (!end.root.empty()) text += fmt::format(" (`{}`)", end.root);
    line("", text, trouble ? "1;31" : end.outcome == Outcome::succeeded ? "32" : "2");
    for (const std::string& cause : end.causes) line("  ", "because " + cause);
    if (trouble && end.place.known()) line("  ", "at " + shown_place(end.place));
    if (trouble && end.allowed_to_fail) line("  ", "is allowed to fail: not counted");
    if (!end.help.empty()) line("  ", "help: " + end.help);
    // Whoever sees the logs has just seen these lines.
    if (options_.quiet || !options_.logs)
      for (const std::string& last : end.log_tail) line("| ", last);
  }
  void operator()(const StepRetried& retried) {
    line("",
         fmt::format("attempt {} failed: {}; again in {}", retried.attempt, retried.reason,
                     shown_duration(retried.next_in_seconds)),
         "33");
  }
  void operator()(const ServiceReady& ready) {
    line("",
         fmt::format("ready after {}{}{}", shown_duration(ready.seconds),
                     ready.address.empty() ? "" : ", at ", ready.address),
         "32");
  }
  void operator()(const ServiceDied& died) {
    line("", "died: " + died.reason, "1;31");
    for (const std::string& last : died.log_tail) line("| ", last);
  }
  void operator()(const Artifact& artifact) {
    line("",
         fmt::format("artifact `{}`: {} ({})", artifact.name, artifact.path, shown_bytes(artifact.bytes)));
  }
  void operator()(const Report& report) {
    if (!report.problem.empty())
      return line("", fmt::format("report {}: {}", report.path, report.problem), "1;31");
    std::string text = fmt::format("report {}: {}", report.path, shown_tests(report.totals));
    if (report.line_coverage)
      text = fmt::format("report {}: {:.1f}% of lines", report.path, *report.line_coverage * 100);
    line("", text, report.totals.failed + report.totals.errors > 0 ? "1;31" : "");
  }
  void operator()(const Message& message) {
    if (options_.quiet && message.level == Level::info) return;
    const std::string where = message.place.known() ? shown_place(message.place) + ": " : "";
    const std::string_view what = message.level == Level::error     ? "error: "
                                  : message.level == Level::warning ? "warning: "
                                                                    : "";
    line("", where + std::string(what) + message.text,
         message.level == Level::error     ? "1;31"
         : message.level == Level::warning ? "33"
                                           : "");
    if (!message.help.empty()) line("  ", "help: " + message.help);
  }
  void operator()(const RunFinished& end) {
    line("", shown_end(end), end.exit_code == 0 ? "1;32" : "1;31");
    for (const std::string& left : end.left_behind) line("", "left behind: " + left, "33");
  }

  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view mark, std::string_view text, std::string_view colour = {}) {
    if (options_.timestamps) text_ += scribe::shown_time(event_.wall_ms) + " ";
    const scribe::Shown how{
        .colour = options_.colour, .ci = options_.ci, .one_line = true, .longest = options_.longest_line};
    const scribe::Shown name{.ci = options_.ci, .longest = 200};
    const bool by_node = event_.step.empty() || mark.starts_with('|') || is_main_phase(phase_of(event_));
    const std::string& who = by_node && !event_.node.empty() ? event_.node : event_.step;
    if (!who.empty()) {
      if (options_.colour) text_ += "\x1b[36m";
      text_ += scribe::sanitised(who, name);
      if (options_.colour) text_ += "\x1b[0m";
      text_ += mark.starts_with('|') ? " " : ": ";
    }
    text_ += mark;
    if (options_.colour && !colour.empty()) {
      text_ += fmt::format("\x1b[{}m{}\x1b[0m", colour, scribe::sanitised(text, how));
    } else {
      text_ += scribe::sanitised(text, how);
    }
    text_ += '\n';
  }

  const Event& event_;
  const PlainOptions& options_;
  std::string text_;
};

bool is_for_quiet(const Happening& happening) {
  if (const auto* report = std::get_if<Report>(&happening))
    return !report->problem.empty() || report->totals.failed + report->totals.errors > 0;
  return std::holds_alternative<StepFinished>(happening) || std::holds_alternative<ServiceDied>(happening) ||
         std::holds_alternative<Message>(happening) || std::holds_alternative<RunFinished>(happening);
}

}  // namespace

std::string plain_lines(const Event& event, const PlainOptions& options) {
  if (options.quiet && !is_for_quiet(event.is)) return {};
  Lines lines(event, options);
  std::visit(lines, event.is);
  return lines.take();
}

void PlainView::emit(const Event& event) {
  const std::string lines = plain_lines(event, options_);
  std::lock_guard lock(mutex_);
  if (const auto* plan = std::get_if<StepPlanned>(&event.is); plan != nullptr && plan->is_virtual)
    virtual_.insert(event.step);
  if (!lines.empty() && !virtual_.contains(event.step)) write_(lines);
}

}  // namespace cairn::progress
