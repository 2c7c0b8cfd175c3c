// What must hold of every run, whatever happens in it; each check by its number in the design.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/plan/run.h"

namespace cairn::plan {

class RunChecks {
 public:
  RunChecks(const Graph& graph, const Plan& plan, const Run& run, const RunOptions& options)
      : graph_(graph), plan_(plan), run_(run), options_(options) {}

  // After each event, with what came of it.
  void after(const Event& event, const Commands& commands) {
    if (std::holds_alternative<CancelAsked>(event)) cancelled_ = true;
    if (const AttemptEnded* end = std::get_if<AttemptEnded>(&event)) live_.erase(end->step);
    if (const NoHand* none = std::get_if<NoHand>(&event)) {
      live_.erase(none->step);
      if (--starts_[none->step] == 0) starts_.erase(none->step);
    }
    for (const Command& command : commands) {
      if (const StartAttempt* start = std::get_if<StartAttempt>(&command))
        on_start(*start);
      else if (const StopAttempt* stop = std::get_if<StopAttempt>(&command))
        asked_.insert(stop->step);
      else if (const AbandonAttempt* left = std::get_if<AbandonAttempt>(&command))
        live_.erase(left->step);
      else if (const StepSettled* settled = std::get_if<StepSettled>(&command))
        on_settled(settled->step);
      else if (const ServiceLost* lost = std::get_if<ServiceLost>(&command))
        on_lost(*lost);
    }
    check_lanes();
  }

  // When nothing can happen any more by itself.
  void at_the_end() {
    if (!run_.over()) complain("S9: the run is not over and nothing is under way");
    for (std::size_t i = 0; i < graph_.steps.size(); ++i) check_end(StepId{static_cast<std::uint32_t>(i)});
    if (!live_.empty()) complain("S8: attempts are under way after the end");
    for (const auto& [lane, size] : lane_sizes())
      if (run_.ready().used(lane) != 0) complain("S8: a permit of " + lane + " was not given back");
    if (run_.exit_code() != expected_exit_code())
      complain("S16: exit code " + std::to_string(run_.exit_code()) + " instead of " +
               std::to_string(expected_exit_code()));
  }

  const std::vector<std::string>& complaints() const { return complaints_; }
  const std::set<StepId>& live() const { return live_; }

 private:
  void complain(const std::string& what) { complaints_.push_back(what); }
  Phase phase(StepId step) const { return graph_.steps[index(step)].phase; }
  bool goes_on(NodeId node, When what) const {
    for (NodeId at = node; at != no_node; at = graph_.node(at).parent)
      if (graph_.node(at).policy.when == what) return true;
    return false;
  }

  void on_start(const StartAttempt& start) {
    const StepId step = start.step;
    const std::string name = graph_.name(step);
    if (!live_.insert(step).second) complain("S2: two attempts of " + name);
    asked_.erase(step);
    ++starts_[step];
    for (const std::uint32_t number : graph_.edges_to[index(step)]) {
      const Edge& edge = graph_.edges[number];
      const Outcome* how = run_.outcome(edge.from);
      if (how == nullptr) {
        complain("S1: " + name + " started before " + graph_.name(edge.from) + " was settled");
      } else if (edge.kind == EdgeKind::needs && !met(edge, *how)) {
        complain("S1: " + name + " started though " + graph_.name(edge.from) + " " +
                 std::string(plan::name_of(*how)));
      }
    }
    if (phase(step) == Phase::stop || phase(step) == Phase::remove)
      for (const Hold& hold : graph_.holds)
        if (hold.service == graph_.steps[index(step)].node && live_.contains(hold.user))
          complain("S5: " + name + " under its living user " + graph_.name(hold.user));
    const NodeId node = graph_.steps[index(step)].node;
    for (const StepId other : graph_.node(node).steps)
      if (other != step && live_.contains(other))
        complain("S5: " + name + " beside the living " + graph_.name(other));
    if (cancelled_ && !is_finaliser(phase(step)) && !goes_on(node, When::always))
      complain("S15: " + name + " started after the cancel");
  }

  bool met(const Edge& edge, const Outcome& how) const {
    if (is_good(how)) return true;
    const bool may_fail =
        graph_.node_of(edge.from).policy.allow_failure && !edge.data && edge.reason != EdgeReason::phase;
    if (trouble_of(how) != nullptr) return may_fail && !is_finaliser(phase(edge.from));
    if (const NotNeeded* not_needed = std::get_if<NotNeeded>(&how)) {
      if (not_needed->by_plan) return true;
      // `.stopped` of a service that may fail, and did before it was begun.
      const StepId start = graph_.step(graph_.steps[index(edge.from)].node, Phase::start);
      return phase(edge.from) == Phase::stop && may_fail && trouble_of(*run_.outcome(start)) != nullptr;
    }
    return std::holds_alternative<Skipped>(how) && may_fail && phase(edge.from) == Phase::end;
  }

  void on_settled(StepId step) {
    if (!settled_.insert(step).second) complain("S2: " + graph_.name(step) + " settled twice");
  }

  void on_lost(const ServiceLost& lost) {
    const Outcome* start = run_.outcome(graph_.step(lost.service, Phase::start));
    if (start == nullptr) return;  // it may be started again
    for (const Hold& hold : graph_.holds) {
      if (hold.service != lost.service || is_finaliser(phase(hold.user))) continue;
      const bool can_do_without = graph_.node_of(hold.user).policy.when != When::success;
      const bool running = live_.contains(hold.user) && !asked_.contains(hold.user);
      const bool waiting = run_.outcome(hold.user) == nullptr && !run_.is_running(hold.user);
      if (running || (waiting && !can_do_without))
        complain("S24: " + graph_.name(hold.user) + " outlives " + graph_.node(lost.service).path);
    }
  }

  std::map<std::string, int> lane_sizes() const {
    std::map<std::string, int> sizes(options_.lanes.begin(), options_.lanes.end());
    for (const Node& node : graph_.nodes)
      if (node.kind == "pool")
        sizes["pool:" + node.path] = static_cast<int>(*node.settings.front().value.as<std::int64_t>());
    return sizes;
  }

  void check_lanes() {
    if (static_cast<int>(live_.size()) > options_.hands) complain("S8: more attempts than hands");
    std::map<std::string, int> used;
    for (const StepId step : live_)
      for (const std::string& lane : options_.lanes_of_step(graph_, step)) ++used[lane];
    const std::map<std::string, int> sizes = lane_sizes();
    for (const auto& [lane, count] : used) {
      if (const auto size = sizes.find(lane); size != sizes.end() && count > size->second)
        complain("S8: " + std::to_string(count) + " permits of " + lane);
      if (run_.ready().used(lane) != count) complain("S8: " + lane + " is counted wrong");
    }
  }

  void check_end(StepId step) {
    const std::string name = graph_.name(step);
    const Outcome* how = run_.outcome(step);
    if (how == nullptr) {
      complain("S9: " + name + " is not settled");
      return;
    }
    const bool started = starts_.contains(step);
    if (const Skipped* skipped = std::get_if<Skipped>(how)) {
      if (is_finaliser(phase(step))) complain("S4: the finaliser " + name + " was skipped");
      const Outcome* root = run_.outcome(skipped->root);
      if (root == nullptr || std::holds_alternative<Skipped>(*root))
        complain("S20: the root of " + name);
      else if (trouble_of(*root) == nullptr && !run_.dead(graph_.steps[index(skipped->root)].node))
        complain("S20: the root of " + name + " " + std::string(plan::name_of(*root)));
      if (skipped->reason.empty()) complain("S20: " + name + " was skipped without a reason");
      if (started) complain("S20: " + name + " was skipped though it ran");
    }
    if (const Trouble* trouble = trouble_of(*how)) {
      if (trouble->message.empty() || !graph_.node_of(step).span.known())
        complain("S20: " + name + " has no cause");
    }
    const NodeId node = graph_.steps[index(step)].node;
    const auto undone_with = [&](Phase opener) {
      const StepId opened = graph_.step(node, opener);
      if (opened == no_step || !starts_.contains(opened)) {
        if (started && plan_.steps[index(step)].verdict != Verdict::undo)
          complain("S4: " + name + " undoes nothing");
        return;
      }
      const bool left = std::holds_alternative<Abandoned>(*how);
      const bool there_before = std::holds_alternative<Kept>(*run_.outcome(opened));
      const bool wanted = plan_.steps[index(step)].verdict != Verdict::not_needed;
      if (wanted && !started && !left && !there_before)
        complain("S4: " + name + " " + std::string(plan::name_of(*how)) + " (" + reason_of(*how) +
                 ") though its " + std::string(plan::name_of(*run_.outcome(opened))) + " beginning was made");
      if (left && run_.exit_code() == 0) complain("S4: something is left behind and the run is green");
    };
    if (phase(step) == Phase::stop) undone_with(Phase::start);
    if (phase(step) == Phase::remove) undone_with(Phase::create);
    if (phase(step) == Phase::collect) undone_with(Phase::run);
    if (phase(step) == Phase::unmake)
      undone_with(graph_.step(node, Phase::make) != no_step ? Phase::make : Phase::run);
  }

  bool may_fail(StepId step) const {
    bool may = false;
    for (NodeId at = graph_.steps[index(step)].node; at != no_node; at = graph_.node(at).parent)
      may |= graph_.node(at).policy.allow_failure && !is_finaliser(phase(step));
    return may;
  }

  int expected_exit_code() const {
    if (cancelled_) return 130;
    bool failed = run_.out_of_time(), endpoint = false;
    for (std::size_t i = 0; i < graph_.steps.size(); ++i) {
      const StepId step{static_cast<std::uint32_t>(i)};
      const Outcome& how = *run_.outcome(step);
      if (may_fail(step)) continue;
      const Skipped* skipped = std::get_if<Skipped>(&how);
      const bool for_a_death = skipped != nullptr && trouble_of(*run_.outcome(skipped->root)) == nullptr &&
                               !may_fail(skipped->root) && graph_.steps[i].phase != Phase::end;
      failed |= trouble_of(how) != nullptr || for_a_death;
      endpoint |= trouble_of(how) != nullptr && trouble_of(how)->endpoint;
    }
    return endpoint ? 3 : failed ? 1 : 0;
  }

  const Graph& graph_;
  const Plan& plan_;
  const Run& run_;
  const RunOptions& options_;
  bool cancelled_ = false;
  std::set<StepId> live_, asked_, settled_;
  std::map<StepId, int> starts_;
  std::vector<std::string> complaints_;
};

}  // namespace cairn::plan
