#include "runtime/progress/run_state.h"

#include <utility>

namespace cairn::progress {

namespace {

struct Applied {
  RunState& run;
  const Event& event;

  StepState& step() const {
    const auto [found, is_new] = run.by_path.try_emplace(event.step, run.steps.size());
    if (is_new) {
      StepState& state = run.steps.emplace_back();
      state.path = event.step;
      state.node = event.node;
    }
    return run.steps[found->second];
  }

  void operator()(const RunStarted& start) const {
    // Again: the run was interrupted, and is resumed.
    if (run.wall_ms == 0) run.wall_ms = event.wall_ms;
    run.start = start;
    run.end.reset();
    for (StepState& state : run.steps)
      if (state.is != StepState::Is::finished) state.started_ms.reset();
  }
  void operator()(const StepPlanned& plan) const { step().plan = plan; }
  void operator()(const StepWaiting& waiting) const {
    StepState& state = step();
    if (state.is == StepState::Is::finished) return;
    // A running step may wait as well: between two attempts, or with a probe. It keeps running.
    if (state.is != StepState::Is::running) state.is = StepState::Is::waiting;
    if (!state.waiting_since_ms) state.waiting_since_ms = event.time_ms;
    state.waits_for = waiting.on;
  }
  void operator()(const StepStarted& started) const {
    StepState& state = step();
    // One that failed in an earlier incarnation is done again; one that succeeded may turn out to be kept.
    if (state.end && state.end->outcome != Outcome::succeeded) {
      state.started_ms.reset();
      state.ended_ms.reset();
      state.end.reset();
    }
    state.is = StepState::Is::running;
    state.attempt = started.attempt;
    if (!state.started_ms) state.started_ms = event.time_ms;
    if (!state.waits_for.empty()) state.last_waited_for = std::exchange(state.waits_for, {});
  }
  void operator()(const StepProgress& progress) const { step().progress = progress; }
  void operator()(const StepLog& log) const {
    StepState& state = step();
    ++state.lines;
    state.last_line = log.line;
  }
  void operator()(const StepFinished& finished) const {
    StepState& state = step();
    state.is = StepState::Is::finished;
    if (state.end && state.end->outcome == Outcome::succeeded) {
      // What was done before an interruption is kept after it, and stays what it was.
      if (finished.outcome == Outcome::kept) return;
      state.started_ms = event.time_ms - static_cast<std::int64_t>(finished.seconds * 1000);
    }
    state.end = finished;
    state.ended_ms = event.time_ms;
    if (!state.waits_for.empty()) state.last_waited_for = std::exchange(state.waits_for, {});
  }
  void operator()(const StepRetried& retried) const {
    StepState& state = step();
    state.progress = {retried.reason, std::nullopt};
    state.waits_for = {{WaitsFor::What::retry, {}, retried.reason}};
  }
  void operator()(const ServiceReady& ready) const {
    ServiceState& service = run.services[event.node];
    service.ready = ready;
    service.ready_ms = event.time_ms;
  }
  void operator()(const ServiceDied& died) const {
    ServiceState& service = run.services[event.node];
    service.died = died;
    service.died_ms = event.time_ms;
  }
  void operator()(const Artifact& artifact) const {
    run.artifacts.push_back({event.time_ms, event.step, artifact});
  }
  void operator()(const Report& report) const { run.reports.push_back({event.time_ms, event.step, report}); }
  void operator()(const Message& message) const {
    run.messages.push_back({event.time_ms, event.step, message});
  }
  void operator()(const RunFinished& end) const { run.end = end; }
};

}  // namespace

const StepState* RunState::step(const std::string& path) const {
  const auto found = by_path.find(path);
  return found == by_path.end() ? nullptr : &steps[found->second];
}

void RunState::apply(const Event& event) {
  run = event.run;
  time_ms = event.time_ms;
  std::visit(Applied{*this, event}, event.is);
}

RunState state_after(const std::vector<Event>& events) {
  RunState run;
  for (const Event& event : events) run.apply(event);
  return run;
}

Counts counts_of(const RunState& run) {
  Counts counts;
  for (const StepState& step : run.steps) {
    if (step.plan.is_virtual) continue;
    switch (step.is) {
      case StepState::Is::planned:
        ++counts.to_come;
        break;
      case StepState::Is::waiting:
        ++counts.waiting;
        break;
      case StepState::Is::running:
        ++counts.running;
        break;
      case StepState::Is::finished:
        ++counts.done;
        ++counts.outcomes[static_cast<std::size_t>(step.end->outcome)];
        if (is_trouble(step.end->outcome) && !step.end->allowed_to_fail) ++counts.trouble;
    }
  }
  return counts;
}

}  // namespace cairn::progress
