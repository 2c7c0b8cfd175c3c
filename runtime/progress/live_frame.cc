#include "runtime/progress/live_frame.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/progress/chain.h"
#include "runtime/progress/columns.h"
#include "runtime/progress/plain_view.h"
#include "runtime/progress/words.h"
#include "runtime/scribe/sanitise.h"

namespace cairn::progress {

namespace {

constexpr std::size_t narrowest = 20;  // columns; below that nothing useful fits

// A line being put together, as wide as it is on the terminal whatever its colours.
class Line {
 public:
  Line(std::size_t columns, bool colour) : left_(columns), colour_(colour) {}

  std::size_t left() const { return left_; }
  Line& put(std::string_view text, std::string_view colour = {}) {
    const std::string fits = cut_to(text, left_);
    left_ -= columns_of(fits);
    if (colour_ && !colour.empty() && !fits.empty()) {
      text_ += fmt::format("\x1b[{}m{}\x1b[0m", colour, fits);
    } else {
      text_ += fits;
    }
    return *this;
  }
  Line& pad_to_right(std::size_t keep) {
    if (left_ > keep) {
      text_.append(left_ - keep, ' ');
      left_ = keep;
    }
    return *this;
  }
  std::string take() {
    while (text_.ends_with(' ')) text_.pop_back();
    return std::move(text_);
  }

 private:
  std::string text_;
  std::size_t left_;
  const bool colour_;
};

std::string one_line(std::string_view text) {
  std::string clean = scribe::sanitised(text, {.longest = 2048});
  std::replace(clean.begin(), clean.end(), '\t', ' ');
  return clean;
}

double seconds_between(std::int64_t from_ms, std::int64_t to_ms) {
  return static_cast<double>(std::max<std::int64_t>(0, to_ms - from_ms)) / 1000;
}

// The unfinished steps that `step` comes after, seen through virtual ones.
std::vector<const StepState*> unfinished_before(const RunState& run, const StepState& step) {
  std::vector<const StepState*> found;
  std::vector<const StepState*> to_see{&step};
  for (std::size_t i = 0; i < to_see.size() && i < 1000; ++i) {
    for (const Dependency& dependency : to_see[i]->plan.after) {
      const StepState* before = run.step(dependency.step);
      if (before == nullptr || before->is == StepState::Is::finished) continue;
      std::vector<const StepState*>& list = before->plan.is_virtual ? to_see : found;
      if (std::find(list.begin(), list.end(), before) == list.end()) list.push_back(before);
    }
  }
  return found;
}

struct Row {
  const StepState* step;
  std::string detail;
  std::string time;
};

std::vector<Row> running_rows(const RunState& run, std::int64_t now_ms) {
  std::vector<Row> rows;
  for (const StepState& step : run.steps) {
    if (step.is != StepState::Is::running || step.plan.is_virtual) continue;
    std::string detail;
    if (step.attempt > 1) detail = fmt::format("attempt {} · ", step.attempt);
    if (!step.waits_for.empty()) {
      detail += "waits for " + shown_waits(step.waits_for, 2);
    } else if (step.progress.fraction) {
      detail += fmt::format("{:.0f}% {}", *step.progress.fraction * 100, step.progress.text);
    } else {
      detail += step.last_line.empty() ? step.progress.text : step.last_line;
    }
    rows.push_back(
        {&step, one_line(detail), shown_clock(seconds_between(step.started_ms.value_or(now_ms), now_ms))});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.step->started_ms.value_or(0) < b.step->started_ms.value_or(0);
  });
  return rows;
}

std::vector<Row> waiting_rows(const RunState& run, std::int64_t now_ms, std::size_t most) {
  std::vector<Row> rows;
  for (const StepState& step : run.steps) {
    if (step.is != StepState::Is::waiting || step.plan.is_virtual) continue;
    const double waited = seconds_between(step.waiting_since_ms.value_or(now_ms), now_ms);
    rows.push_back({&step, one_line("waits for " + shown_waits(step.waits_for, 3)), shown_clock(waited)});
  }
  // Then what comes next: steps that wait for running ones only.
  for (const StepState& step : run.steps) {
    if (rows.size() >= most) break;
    if (step.is != StepState::Is::planned || step.plan.is_virtual) continue;
    std::vector<WaitsFor> waits;
    bool is_next = true;
    for (const StepState* before : unfinished_before(run, step)) {
      is_next = is_next && before->is == StepState::Is::running;
      waits.push_back({WaitsFor::What::step, before->path, {}});
    }
    if (is_next && !waits.empty())
      rows.push_back({&step, one_line("waits for " + shown_waits(waits, 3)), {}});
  }
  return rows;
}

}  // namespace

std::vector<std::string> live_frame(const RunState& run, std::int64_t now_ms, TerminalSize size,
                                    bool colour) {
  std::vector<std::string> lines;
  if (size.columns < narrowest || size.rows < 4) return lines;
  const std::size_t width = size.columns - 1;
  const std::size_t room = size.rows - 1;
  const Counts counts = counts_of(run);

  std::vector<Row> running = running_rows(run, now_ms);
  std::vector<Row> waiting = waiting_rows(run, now_ms, room);
  std::size_t names = 0;
  for (const std::vector<Row>* rows : {&running, &waiting})
    for (const Row& row : *rows) names = std::max(names, columns_of(one_line(row.step->path)));
  names = std::min(names, std::max<std::size_t>(12, width * 2 / 5));

  const auto row_line = [&](const Row& row, std::string_view mark, std::string_view mark_colour,
                            std::string_view detail_colour) {
    Line line(width, colour);
    line.put(" ").put(mark, mark_colour).put(" ").put(padded_to(one_line(row.step->path), names)).put("  ");
    const std::size_t clock = row.time.empty() ? 0 : columns_of(row.time) + 2;
    if (line.left() > clock) line.put(cut_to(row.detail, line.left() - clock), detail_colour);
    if (line.left() >= clock) line.pad_to_right(columns_of(row.time)).put(row.time, "2");
    return line.take();
  };

  Line head(width, colour);
  const std::string elapsed = shown_clock(static_cast<double>(now_ms) / 1000);
  const std::string title =
      one_line("cairn " + run.start.goal + (run.start.project.empty() ? "" : " · " + run.start.project));
  head.put(cut_to(title, width - columns_of(elapsed) - 1), "1")
      .pad_to_right(columns_of(elapsed))
      .put(elapsed, "1");
  lines.push_back(head.take());

  const Ahead ahead = look_ahead(run, now_ms);
  const std::size_t fixed = 2 + (ahead.chain.empty() ? 0 : 1);  // head, counts, chain
  const std::size_t body = room > fixed ? room - fixed : 0;
  // What runs goes first; at least a quarter of the room is for what waits.
  const std::size_t for_waiting =
      std::min(waiting.size(), std::max(body / 4, body - std::min(body, running.size())));
  const std::size_t for_running = body - for_waiting;
  const auto add = [&](const std::vector<Row>& rows, std::size_t most, std::string_view more,
                       std::string_view mark, std::string_view mark_colour, std::string_view detail_colour) {
    const std::size_t shown = rows.size() <= most ? rows.size() : most == 0 ? 0 : most - 1;
    for (std::size_t i = 0; i < shown; ++i)
      lines.push_back(row_line(rows[i], mark, mark_colour, detail_colour));
    if (shown < rows.size() && most != 0)
      lines.push_back(
          Line(width, colour).put(fmt::format("   … and {} more {}", rows.size() - shown, more), "2").take());
  };
  add(running, for_running, "that run", "▸", "1;34", "");
  add(waiting, for_waiting, "that wait", "·", "33", "2");

  Line tally(width, colour);
  tally.put(fmt::format("{} done", counts.done - counts.trouble), "32");
  if (counts.trouble != 0) tally.put(" · ").put(fmt::format("{} failed", counts.trouble), "1;31");
  tally.put(
      fmt::format(" · {} running · {} waiting · {} to come", counts.running, counts.waiting, counts.to_come));
  lines.push_back(tally.take());

  if (!ahead.chain.empty() && lines.size() < room) {
    Line chain(width, colour);
    if (ahead.seconds > 0)
      chain
          .put(
              fmt::format("{} {} left", ahead.is_complete ? "about" : "at least", shown_clock(ahead.seconds)),
              "1")
          .put(" · ");
    std::string steps;
    for (const std::string& step : ahead.chain) steps += (steps.empty() ? "" : " → ") + step;
    chain.put("decided by ", "2").put(one_line(steps));
    lines.push_back(chain.take());
  }
  return lines;
}

std::string lasting_lines(const Event& event, const RunState& run, bool colour) {
  const StepState* step = run.step(event.step);
  if (step != nullptr && step->plan.is_virtual) return {};
  const PlainOptions options{.colour = colour, .logs = false};
  if (const auto* end = std::get_if<StepFinished>(&event.is)) {
    const bool trouble = is_trouble(end->outcome);
    if (!trouble && (end->outcome != Outcome::succeeded || end->seconds < 0.1)) return {};
    const auto painted = [&](std::string_view text, std::string_view code) {
      return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
    };
    if (!trouble)
      return fmt::format("{} {}  {}\n", painted("✓", "32"), one_line(event.step),
                         shown_duration(end->seconds));
    std::string text = fmt::format("{} {}  {}\n", painted("✗", "1;31"), painted(one_line(event.step), "1"),
                                   painted(fmt::format("{} after {}: {}", shown_outcome(end->outcome),
                                                       shown_duration(end->seconds), one_line(end->reason)),
                                           "31"));
    for (const std::string& cause : end->causes) text += "    because " + one_line(cause) + "\n";
    if (end->place.known()) text += "    at " + one_line(shown_place(end->place)) + "\n";
    for (const std::string& last : end->log_tail) text += "    " + painted("│ " + one_line(last), "2") + "\n";
    if (!end->help.empty()) text += "    help: " + one_line(end->help) + "\n";
    if (end->allowed_to_fail) text += "    is allowed to fail: not counted\n";
    return text;
  }
  if (const auto* report = std::get_if<Report>(&event.is))
    return report->problem.empty() && report->totals.failed + report->totals.errors == 0
               ? ""
               : plain_lines(event, options);
  if (std::holds_alternative<ServiceDied>(event.is) || std::holds_alternative<StepRetried>(event.is) ||
      std::holds_alternative<Message>(event.is) || std::holds_alternative<Artifact>(event.is) ||
      std::holds_alternative<RunFinished>(event.is))
    return plain_lines(event, options);
  return {};
}

}  // namespace cairn::progress
