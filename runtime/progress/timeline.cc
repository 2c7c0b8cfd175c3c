#include "runtime/progress/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "runtime/progress/chain.h"
#include "runtime/progress/columns.h"
#include "runtime/progress/page.h"
#include "runtime/progress/words.h"
#include "runtime/scribe/log_line.h"

namespace cairn::progress {

namespace {

constexpr std::size_t most_rows = 1500;  // beyond that a browser gets slow, and nobody scrolls that far
constexpr int row_height = 24;

struct Bar {
  const StepState* step;
  double begins, ends;  // seconds
};

struct TimelineRow {
  std::string node;
  std::string kind;
  double begins = 0;
  std::vector<Bar> bars;
  std::optional<std::pair<double, double>> alive;  // a service between ready and its end
};

std::vector<TimelineRow> rows_of(const RunState& run) {
  std::vector<TimelineRow> rows;
  std::unordered_map<std::string, std::size_t> by_node;
  const double now = static_cast<double>(run.time_ms) / 1000;
  for (const StepState& step : run.steps) {
    if (step.plan.is_virtual || !step.started_ms) continue;
    const std::string& node = step.node.empty() ? step.path : step.node;
    const auto [found, is_new] = by_node.try_emplace(node, rows.size());
    const Bar bar{&step, static_cast<double>(*step.started_ms) / 1000,
                  step.ended_ms ? static_cast<double>(*step.ended_ms) / 1000 : now};
    if (is_new) rows.push_back({node, step.plan.kind, bar.begins, {}, {}});
    TimelineRow& row = rows[found->second];
    row.begins = std::min(row.begins, bar.begins);
    row.bars.push_back(bar);
  }
  for (const auto& [node, service] : run.services) {
    const auto row = by_node.find(node);
    if (row == by_node.end() || !service.ready_ms) continue;
    double ends = now;
    if (service.died_ms) ends = static_cast<double>(*service.died_ms) / 1000;
    for (const Bar& bar : rows[row->second].bars)
      if (bar.step->plan.phase == "stop" || bar.step->plan.phase == "remove")
        ends = std::min(ends, bar.begins);
    rows[row->second].alive = {static_cast<double>(*service.ready_ms) / 1000, ends};
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const TimelineRow& a, const TimelineRow& b) { return a.begins < b.begins; });
  return rows;
}

// A round number of seconds that gives about ten marks.
double mark_distance(double seconds) {
  constexpr std::array<double, 18> round = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,   2,    5,
                                            10,   15,   30,   60,  120, 300, 600, 1800, 3600};
  for (const double distance : round)
    if (seconds / distance <= 10) return distance;
  return std::ceil(seconds / 36000) * 3600;
}

std::string_view class_of(const StepState& step) {
  if (!step.end) return "run";
  if (is_trouble(step.end->outcome)) return step.end->allowed_to_fail ? "warn" : "bad";
  return step.end->outcome == Outcome::succeeded ? "ok" : "idle";
}

std::string shown_mark(double at, double distance) {
  if (distance < 1) return fmt::format("{:.{}f}s", at, distance < 0.1 ? 2 : 1);
  return distance < 60 && at < 60 ? fmt::format("{:.0f}s", at) : shown_clock(at);
}

}  // namespace

std::string timeline_style() {
  return R"(
.time{display:grid;grid-template-columns:minmax(120px,260px) 1fr;overflow:hidden}
.time ol{list-style:none;margin:0;padding:28px 0 8px;border-right:1px solid var(--line)}
.time li{height:24px;line-height:24px;padding:0 12px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.time .plot{padding:0 14px 8px 0;min-width:0}
.time svg{display:block;overflow:visible}
.time text{font:11px system-ui,sans-serif;fill:var(--soft)}
.time .grid{stroke:var(--line);stroke-width:1}
.time .stripe{fill:var(--faint)}
.time .alive{fill:var(--run-soft)}
.time .bar{stroke-width:0}
.time .bar.ok{fill:var(--ok)}.time .bar.bad{fill:var(--bad)}.time .bar.warn{fill:var(--warn)}
.time .bar.idle{fill:var(--idle)}.time .bar.run{fill:var(--run)}
.time .bar.fin{fill-opacity:.45}
.time .chain{fill:none;stroke:var(--text);stroke-width:1.5}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:8px 2px 0;font-size:12px;color:var(--soft)}
.legend span::before{content:"";display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px;vertical-align:-1px;background:var(--ok)}
.legend .bad::before{background:var(--bad)}.legend .alive::before{background:var(--run-soft);outline:1px solid var(--line)}
.legend .chain::before{background:none;outline:1.5px solid var(--text)}
.legend .fin::before{opacity:.45}
)";
}

std::string timeline_body(const RunState& run) {
  std::vector<TimelineRow> rows = rows_of(run);
  if (rows.empty()) return {};
  const std::size_t left_out = rows.size() > most_rows ? rows.size() - most_rows : 0;
  rows.resize(rows.size() - left_out);

  double all = 0.001;
  for (const TimelineRow& row : rows)
    for (const Bar& bar : row.bars) all = std::max(all, bar.ends);
  std::set<std::string> chain;
  for (const ChainLink& link : analyse_slow(run).chain) chain.insert(link.step);

  const auto share = [&](double seconds) { return seconds / all * 100; };
  std::string labels;
  std::string drawing;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TimelineRow& row = rows[i];
    const int y = 28 + static_cast<int>(i) * row_height;
    labels += fmt::format("<li class=\"mono\" title=\"{0}{1}{2}\">{0}</li>", html(row.node),
                          row.kind.empty() ? "" : " · ", html(row.kind));
    if (i % 2 == 0)
      drawing += fmt::format("<rect class=\"stripe\" x=\"0\" y=\"{}\" width=\"100%\" height=\"{}\"/>", y,
                             row_height);
  }
  const double distance = mark_distance(all);
  const int height = 28 + static_cast<int>(rows.size()) * row_height;
  for (int mark = 0; mark * distance <= all; ++mark) {
    const double x = share(mark * distance);
    drawing +=
        fmt::format("<line class=\"grid\" x1=\"{0:.3f}%\" x2=\"{0:.3f}%\" y1=\"22\" y2=\"{1}\"/>", x, height);
    if (x < 97)
      drawing +=
          fmt::format("<text x=\"{:.3f}%\" y=\"16\">{}</text>", x, shown_mark(mark * distance, distance));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TimelineRow& row = rows[i];
    const int y = 28 + static_cast<int>(i) * row_height;
    if (row.alive && row.alive->second > row.alive->first)
      drawing += fmt::format(
          "<rect class=\"alive\" x=\"{:.3f}%\" y=\"{}\" width=\"{:.3f}%\" height=\"10\"><title>{} was "
          "up</title></rect>",
          share(row.alive->first), y + 7, share(row.alive->second - row.alive->first), html(row.node));
    for (const Bar& bar : row.bars) {
      const StepState& step = *bar.step;
      const bool finaliser = step.plan.phase == "stop" || step.plan.phase == "remove" ||
                             step.plan.phase == "unmake" || step.plan.phase == "collect";
      std::string title = fmt::format("{}\n{} – {} ({})", step.path, shown_duration(bar.begins),
                                      shown_duration(bar.ends), shown_duration(bar.ends - bar.begins));
      title += step.end ? fmt::format("\n{}{}{}", shown_outcome(step.end->outcome),
                                      step.end->reason.empty() ? "" : ": ", step.end->reason)
                        : "\nnot ended";
      const double width = std::max(share(bar.ends - bar.begins), 0.15);
      drawing += fmt::format(
          "<rect class=\"bar {}{}\" x=\"{:.3f}%\" y=\"{}\" width=\"{:.3f}%\" height=\"14\" "
          "rx=\"2\"><title>{}</title></rect>",
          class_of(step), finaliser ? " fin" : "", share(bar.begins), y + 5, width, html(title));
      if (chain.contains(step.path))
        drawing += fmt::format(
            "<rect class=\"chain\" x=\"{:.3f}%\" y=\"{:.1f}\" width=\"{:.3f}%\" height=\"17\" rx=\"3\"/>",
            share(bar.begins), y + 3.5, width);
    }
  }
  std::string body = fmt::format(
      "<div class=\"card time\"><ol>{}</ol><div class=\"plot\"><svg width=\"100%\" height=\"{}\" "
      "role=\"img\" "
      "aria-label=\"what ran when\">{}</svg></div></div>\n",
      labels, height, drawing);
  body +=
      "<p class=\"legend\"><span>ran well</span><span class=\"bad\">failed</span><span "
      "class=\"fin\">collecting and taking down"
      "</span><span class=\"alive\">service up</span><span class=\"chain\">the chain that decided the "
      "end</span></p>\n";
  if (left_out != 0)
    body += fmt::format("<p class=\"soft\">… and {} more nodes that began later</p>\n", left_out);
  return body;
}

std::string timeline_page(const RunState& run) {
  Page page;
  page.title = fmt::format("{} · {} · timeline", run.start.project, run.start.goal);
  page.style = timeline_style();
  page.body = fmt::format("<main><h1>{}</h1><p class=\"soft\">{} · run <code>{}</code> · {}</p>\n",
                          html(run.start.goal), html(run.start.project), html(run.run),
                          scribe::shown_time(run.wall_ms));
  const std::string drawing = timeline_body(run);
  page.body += drawing.empty() ? "<p>No step of this run was started.</p>\n" : drawing;
  const SlowAnalysis slow = analyse_slow(run);
  if (!slow.chain.empty())
    page.body +=
        fmt::format("<h2>What decided the end</h2><pre class=\"mono\">{}</pre>\n", html(slow_text(slow)));
  page.body += "</main>\n";
  return shown_page(page);
}

}  // namespace cairn::progress
