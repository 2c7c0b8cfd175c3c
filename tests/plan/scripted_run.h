// A run whose hands are the test: it says how each attempt ends, and time stands still until it is turned.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "interpreter/graph.h"
#include "runtime/plan/run.h"

namespace cairn::plan {

inline Plan do_all(const Graph& graph) {
  Plan plan;
  plan.steps.resize(graph.steps.size());
  for (StepPlan& step : plan.steps) step = {Verdict::perform, "wanted", {}};
  return plan;
}

class ScriptedRun {
 public:
  explicit ScriptedRun(Graph graph, RunOptions options = {})
      : ScriptedRun(std::move(graph), std::nullopt, std::move(options)) {}
  ScriptedRun(Graph graph, std::optional<Plan> plan, RunOptions options = {})
      : graph_(std::move(graph)),
        plan_(plan ? std::move(*plan) : do_all(graph_)),
        run_(graph_, plan_, std::move(options)) {
    take(run_.on(Began{}, now_));
  }

  // How the named step's running attempt ends.
  void ends(const std::string& step) { end(step, Succeeded{}); }
  void fails(const std::string& step, const std::string& why = "no") { end(step, Failed{{.message = why}}); }
  void end(const std::string& step, decltype(AttemptEnded::how) how) {
    const StepId id = find(step);
    take(run_.on(AttemptEnded{id, run_.attempts(id), std::move(how)}, now_));
  }
  // All that run now, and all that come of it, succeed.
  void ends_all() {
    while (!running_.empty()) ends(*running_.begin());
  }
  void dies(const std::string& service, const std::string& why = "exited 137") {
    const NodeId node = graph_.by_path.at(service);
    take(run_.on(ServiceDied{node, run_.attempts(graph_.step(node, Phase::start)), why}, now_));
  }
  void tell(const Event& event) { take(run_.on(event, now_)); }
  void cancel() { tell(CancelAsked{"interrupted"}); }
  // Moves the time, firing timers on the way.
  void pass(Wait wait) {
    const Moment until = now_ + wait;
    while (true) {
      auto next = timers_.end();
      for (auto timer = timers_.begin(); timer != timers_.end(); ++timer)
        if (timer->second <= until && (next == timers_.end() || timer->second < next->second)) next = timer;
      if (next == timers_.end()) break;
      now_ = std::max(now_, next->second);
      const TimerId fired = next->first;
      timers_.erase(next);
      take(run_.on(TimerFired{fired}, now_));
    }
    now_ = until;
  }

  const std::set<std::string>& running() const {
    return running_;
  }  // attempts that were started and have not ended
  const std::set<std::string>& stopped() const { return stopped_; }  // those that were asked to stop
  std::string outcome(const std::string& step) const {
    const Outcome* how = run_.outcome(find(step));
    return how == nullptr ? "open" : std::string(name_of(*how));
  }
  std::string reason(const std::string& step) const { return reason_of(*run_.outcome(find(step))); }
  std::string root(const std::string& step) const {
    return graph_.name(std::get<Skipped>(*run_.outcome(find(step))).root);
  }
  int starts(const std::string& step) const {
    const auto found = starts_.find(step);
    return found == starts_.end() ? 0 : found->second;
  }
  StepId find(const std::string& step) const {
    for (std::size_t i = 0; i < graph_.steps.size(); ++i)
      if (graph_.name(StepId{static_cast<std::uint32_t>(i)}) == step)
        return StepId{static_cast<std::uint32_t>(i)};
    throw std::out_of_range("no step " + step);
  }
  const Run& run() const { return run_; }
  const Graph& graph() const { return graph_; }
  const Commands& last() const { return last_; }
  std::size_t timers() const { return timers_.size(); }

 private:
  void take(Commands commands) {
    for (const Command& command : commands) {
      if (const StartAttempt* start = std::get_if<StartAttempt>(&command)) {
        running_.insert(graph_.name(start->step));
        ++starts_[graph_.name(start->step)];
      } else if (const StopAttempt* stop = std::get_if<StopAttempt>(&command)) {
        stopped_.insert(graph_.name(stop->step));
      } else if (const SetTimer* set = std::get_if<SetTimer>(&command)) {
        timers_[set->timer] = set->at;
      } else if (const ClearTimer* clear = std::get_if<ClearTimer>(&command)) {
        timers_.erase(clear->timer);
      }
    }
    last_ = std::move(commands);
    for (auto step = running_.begin(); step != running_.end();) {
      if (run_.is_running(find(*step))) {
        ++step;
      } else {
        stopped_.erase(*step);
        step = running_.erase(step);
      }
    }
  }

  Graph graph_;
  Plan plan_;
  Run run_;
  Moment now_{};
  std::map<TimerId, Moment> timers_;
  std::set<std::string> running_, stopped_;
  std::map<std::string, int> starts_;
  Commands last_;
};

}  // namespace cairn::plan
