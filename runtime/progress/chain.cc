#include "runtime/progress/chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/progress/columns.h"
#include "runtime/progress/words.h"

namespace cairn::progress {

namespace {

constexpr std::size_t none = SIZE_MAX;

// The planned edges by index, and the steps in an order in which every step comes after what it depends on. A
// recording from elsewhere may hold a cycle or name steps that are not there: such edges are left out.
struct Edges {
  std::vector<std::vector<std::size_t>> after;
  std::vector<std::size_t> order;
};

Edges edges_of(const RunState& run) {
  Edges edges;
  edges.after.resize(run.steps.size());
  std::vector<std::vector<std::size_t>> before(run.steps.size());
  std::vector<std::size_t> open(run.steps.size(), 0);
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    for (const Dependency& dependency : run.steps[i].plan.after) {
      const auto found = run.by_path.find(dependency.step);
      if (found == run.by_path.end()) continue;
      edges.after[i].push_back(found->second);
      before[found->second].push_back(i);
      ++open[i];
    }
  }
  for (std::size_t i = 0; i < open.size(); ++i)
    if (open[i] == 0) edges.order.push_back(i);
  for (std::size_t at = 0; at < edges.order.size(); ++at)
    for (const std::size_t next : before[edges.order[at]])
      if (--open[next] == 0) edges.order.push_back(next);
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (open[i] == 0) continue;
    edges.after[i].clear();
    edges.order.push_back(i);
  }
  return edges;
}

double begin_of(const StepState& step) {
  return static_cast<double>(step.started_ms.value_or(step.ended_ms.value_or(0))) / 1000;
}
double end_of(const StepState& step) {
  return static_cast<double>(step.ended_ms.value_or(0)) / 1000;
}

// The dependency whose end let `step` go: the latest real one, seen through virtual steps.
std::size_t decider_of(const RunState& run, const Edges& edges, std::size_t step) {
  std::size_t latest = none;
  std::vector<std::size_t> to_see = edges.after[step];
  std::vector<bool> seen(run.steps.size(), false);
  while (!to_see.empty()) {
    const std::size_t at = to_see.back();
    to_see.pop_back();
    if (seen[at]) continue;
    seen[at] = true;
    const StepState& state = run.steps[at];
    if (state.plan.is_virtual || !state.started_ms) {
      to_see.insert(to_see.end(), edges.after[at].begin(), edges.after[at].end());
    } else if (state.ended_ms && (latest == none || end_of(state) > end_of(run.steps[latest]))) {
      latest = at;
    }
  }
  return latest;
}

}  // namespace

SlowAnalysis analyse_slow(const RunState& run) {
  SlowAnalysis analysis;
  const Edges edges = edges_of(run);

  std::size_t last = none;
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    const StepState& step = run.steps[i];
    if (step.plan.is_virtual || !step.started_ms || !step.ended_ms) continue;
    if (last == none || end_of(step) > end_of(run.steps[last])) last = i;
  }
  if (last == none) return analysis;
  analysis.seconds = end_of(run.steps[last]);

  std::vector<bool> in_chain(run.steps.size(), false);
  for (std::size_t at = last; at != none && !in_chain[at];) {
    in_chain[at] = true;
    const StepState& step = run.steps[at];
    const std::size_t before = decider_of(run, edges, at);
    ChainLink link{step.path, begin_of(step), step.seconds(), 0, {}, {}};
    link.waited = std::max(0.0, begin_of(step) - (before == none ? 0 : end_of(run.steps[before])));
    std::vector<WaitsFor> waits;  // waiting for a step is what the chain shows anyway
    for (const WaitsFor& wait : step.last_waited_for)
      if (wait.what != WaitsFor::What::step) waits.push_back(wait);
    link.waited_for = shown_waits(waits, 3);
    for (const Dependency& dependency : step.plan.after)
      if (before != none && dependency.step == run.steps[before].path && !dependency.why.empty())
        link.causes.push_back(dependency.why);
    analysis.waited += link.waited;
    analysis.chain.push_back(std::move(link));
    at = before;
  }
  std::reverse(analysis.chain.begin(), analysis.chain.end());

  // Earliest ends with unlimited lanes, forwards; what remains after each step, backwards.
  std::vector<double> earliest(run.steps.size(), 0);
  std::vector<double> remaining(run.steps.size(), 0);
  for (const std::size_t at : edges.order) {
    double begins = 0;
    for (const std::size_t before : edges.after[at]) begins = std::max(begins, earliest[before]);
    earliest[at] = begins + run.steps[at].seconds() * (run.steps[at].plan.is_virtual ? 0 : 1);
    analysis.lower_bound = std::max(analysis.lower_bound, earliest[at]);
  }
  for (auto at = edges.order.rbegin(); at != edges.order.rend(); ++at) {
    const double own = run.steps[*at].plan.is_virtual ? 0 : run.steps[*at].seconds();
    for (const std::size_t before : edges.after[*at])
      remaining[before] = std::max(remaining[before], remaining[*at] + own);
  }
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    const StepState& step = run.steps[i];
    if (step.plan.is_virtual || !step.started_ms || !step.ended_ms) continue;
    const double slack = analysis.lower_bound - earliest[i] - remaining[i];
    analysis.slack.push_back({step.path, step.seconds(), slack < 0.0005 ? 0 : slack});
  }
  std::stable_sort(analysis.slack.begin(), analysis.slack.end(), [](const Slack& a, const Slack& b) {
    return a.slack != b.slack ? a.slack < b.slack : a.seconds > b.seconds;
  });
  return analysis;
}

std::string slow_text(const SlowAnalysis& analysis) {
  if (analysis.chain.empty()) return "no step of this run was started\n";
  std::string text =
      fmt::format("{} from beginning to end; {} is the least, however many lanes there are\n\n",
                  shown_duration(analysis.seconds), shown_duration(analysis.lower_bound));
  text += "the chain that decided the end:\n";
  std::size_t width = 0;
  for (const ChainLink& link : analysis.chain)
    width = std::max(width, std::min<std::size_t>(columns_of(link.step), 50));
  for (const ChainLink& link : analysis.chain) {
    if (link.waited >= 0.05)
      text += fmt::format("  {:>8}  {}\n", shown_duration(link.waited),
                          link.waited_for.empty() ? "· nothing ran" : "· waited for " + link.waited_for);
    const double share = analysis.seconds > 0 ? link.seconds / analysis.seconds * 100 : 0;
    text +=
        fmt::format("  {:>8}  {}  {:3.0f}%{}\n", shown_duration(link.seconds), padded_to(link.step, width),
                    share, link.causes.empty() ? "" : "  after the above: " + link.causes.front());
  }
  text += "\nmaking one of these faster helps only until another chain decides; the steps nearest to that:\n";
  std::size_t shown = 0;
  for (const Slack& slack : analysis.slack) {
    const bool in_chain = std::any_of(analysis.chain.begin(), analysis.chain.end(),
                                      [&](const ChainLink& link) { return link.step == slack.step; });
    if (in_chain || shown == 5) continue;
    ++shown;
    text += fmt::format("  {:>8}  {}  could take {} longer\n", shown_duration(slack.seconds),
                        padded_to(slack.step, width), shown_duration(slack.slack));
  }
  if (shown == 0) text += "  (none: every step that ran is in the chain)\n";
  return text;
}

Ahead look_ahead(const RunState& run, std::int64_t now_ms) {
  const Edges edges = edges_of(run);
  struct Path {
    double seconds = 0;  // up to and including this step
    std::size_t before = none;
    bool is_complete = true;
  };
  std::vector<Path> paths(run.steps.size());
  std::size_t longest = none;
  for (const std::size_t at : edges.order) {
    const StepState& step = run.steps[at];
    if (step.is == StepState::Is::finished) continue;
    Path& path = paths[at];
    for (const std::size_t before : edges.after[at]) {
      if (run.steps[before].is == StepState::Is::finished) continue;
      if (path.before == none || paths[before].seconds > paths[path.before].seconds) path.before = before;
    }
    if (path.before != none) {
      path.seconds = paths[path.before].seconds;
      path.is_complete = paths[path.before].is_complete;
    }
    if (!step.plan.is_virtual) {
      const double ran = step.started_ms ? static_cast<double>(now_ms - *step.started_ms) / 1000 : 0;
      if (step.progress.fraction && *step.progress.fraction > 0.05 && step.started_ms) {
        path.seconds += ran / *step.progress.fraction * (1 - *step.progress.fraction);
      } else if (step.plan.expected_seconds) {
        path.seconds += std::max(0.0, *step.plan.expected_seconds - ran);
      } else {
        path.is_complete = false;
      }
    }
    if (longest == none || path.seconds > paths[longest].seconds ||
        (path.seconds == paths[longest].seconds && path.before != none))
      longest = at;
  }
  Ahead ahead;
  if (longest == none) return ahead;
  ahead.seconds = paths[longest].seconds;
  ahead.is_complete = paths[longest].is_complete;
  for (std::size_t at = longest; at != none; at = paths[at].before)
    if (!run.steps[at].plan.is_virtual) ahead.chain.push_back(run.steps[at].path);
  std::reverse(ahead.chain.begin(), ahead.chain.end());
  return ahead;
}

}  // namespace cairn::progress
