// The whole brain of a run as a state machine: what happens goes in, what is to be done comes out. Pure: no
// thread, no clock, no effect; the same events at the same moments give the same commands.
//
// The rules, in one place each:
//   a step starts   when its needs are good and what it follows is settled (consider)
//   a failure       skips what needs it, at once; what is independent goes on (settle)
//   a finaliser     runs whenever the phase it undoes was begun; nothing skips or cancels it (consider)
//   a service dies  its users' running attempts are stopped as Broken, its waiting users are Skipped
//   (on_death) a cancel        stops and cancels all but finalisers and `always` steps; a second one these
//   too (cancel) a stopped hand  has grace to end, then it is Abandoned (stop, on_timer)
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "interpreter/graph.h"
#include "runtime/plan/command.h"
#include "runtime/plan/lanes.h"
#include "runtime/plan/plan.h"

namespace cairn::plan {

struct RunOptions {
  bool fail_fast = false;
  int hands = 1024;  // most attempts at once
  LaneSizes lanes{};
  std::optional<Wait> timeout{};                       // of the whole run, teardown not counted
  Wait grace = std::chrono::seconds(30);               // from asking a hand to stop to leaving it behind
  Wait finaliser = std::chrono::minutes(2);            // for one attempt of a finaliser
  Wait teardown = std::chrono::minutes(2);             // from a cancel to the kill
  Wait last_grace = std::chrono::seconds(5);           // from the kill to leaving the rest behind
  Wait no_hand_pause = std::chrono::milliseconds(50);  // before trying again where no thread was to be had
  std::function<double()> chance{};                    // in [0, 1); none: always 0.5
  std::function<double(StepId)> expected{};            // seconds, from earlier runs; negative: unknown
  ReadySteps::LanesOf lanes_of_step = lanes_of;
};

class Run {
 public:
  // Both must outlive the run.
  Run(const Graph& graph, const Plan& plan, RunOptions options);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // The first event is Began. Events of attempts that are over, and of timers that were cleared, change
  // nothing.
  Commands on(const Event& event, Moment now);

  bool over() const { return unsettled_steps_ == 0 || left_; }
  // 0 all good · 1 a step failed · 3 an endpoint was at fault · 130 cancelled from outside.
  int exit_code() const;

  const Outcome* outcome(StepId step) const;  // null until it is settled
  int attempts(StepId step) const { return steps_[index(step)].attempt; }
  Moment started(StepId step) const { return steps_[index(step)].started; }  // of the first attempt
  Moment ended(StepId step) const { return steps_[index(step)].ended; }
  bool is_running(StepId step) const;  // an attempt is under way, asked to stop or not
  bool begun(StepId step) const { return steps_[index(step)].begun; }
  bool allowed_to_fail(StepId step) const;  // by its own or a group's `allow_failure`
  bool dead(NodeId service) const { return nodes_[index(service)].dead; }
  bool cancelled() const { return cancels_ > 0; }
  bool out_of_time() const { return out_of_time_; }  // the run as a whole
  const ReadySteps& ready() const { return ready_; }
  // Seconds from its start to the end of the longest way through it, as expected.
  double urgency(StepId step) const { return steps_[index(step)].urgency; }

 private:
  enum class Is : std::uint8_t { waiting, ready, running, stopping, backing_off, settled };
  struct State {
    Is is = Is::waiting;
    bool begun = false;           // an attempt was made
    bool last_attempt = false;    // its group is out of time: no retry
    bool behind_failure = false;  // something it comes after has failed, at any distance
    std::uint8_t rank = 1;        // among equals: 0 lets a lifetime end, 2 begins one
    std::uint32_t unsettled = 0;  // edges to it whose start is not settled
    int attempt = 0;
    double urgency = 0;
    Moment started{}, ended{};
    TimerId timer = 0;               // deadline, grace or retry: it never has two
    std::optional<Outcome> outcome;  // once settled; while stopping: what it will be
  };
  struct NodeState {
    bool dead = false;
    bool always = false;               // `when = "always"`, by its own word or a group's
    bool on_failure = false;           // `when = "failure"`, likewise
    bool allowed_to_fail = false;      // by its own word or a group's
    std::string death;                 // "`db` exited 137"
    std::vector<std::uint32_t> holds;  // indexes into Graph::holds where it is the service
  };
  enum class RunTimer { whole_run, teardown, no_hand };
  using TimerOf = std::variant<StepId, NodeId, RunTimer>;  // an attempt's, a group's, the run's

  State& state(StepId step) { return steps_[index(step)]; }
  const State& state(StepId step) const { return steps_[index(step)]; }
  Phase phase(StepId step) const { return graph_.steps[index(step)].phase; }
  std::string shown(StepId step) const;  // "`test.unit`"

  // run.cc
  void prepare();
  void weigh();
  void let_nothing_be_undone_under_a_live_hand();
  void keep_unused_services_to_the_end_of_their_stage();
  void begin();
  void work_off();
  void dispatch();
  void start(StepId step);
  void on_end(const AttemptEnded& event);
  void on_no_hand(const NoHand& event);
  void retry_or_settle(StepId step, Outcome outcome);
  void settle(StepId step, Outcome outcome);

  // run_rules.cc
  void spread(StepId settled);
  void consider(StepId step);
  void consider_finaliser(StepId step);
  std::optional<Outcome> unmet_by(const Edge& edge) const;
  Outcome outcome_of_group(StepId end) const;
  std::optional<NodeId> lost_service_of(StepId step) const;
  StepId undone_by(StepId finaliser) const;
  StepId proof_of_life(NodeId service) const;
  bool goes_on_when_called_off(StepId step) const;

  // run_endings.cc
  void on_death(const ServiceDied& event);
  bool break_users(NodeId service, const Broken& broken);
  void on_timer(TimerId timer);
  bool only_teardown_is_left() const;
  void on_step_timer(StepId step);
  void cancel(const std::string& reason);
  void call_off(const std::string& reason);
  void hurry();
  void leave();
  void group_out_of_time(NodeId group);
  void end_early(StepId step, Outcome outcome);
  void stop(StepId step, Outcome because);
  Wait own_grace(StepId step) const;
  TimerId set_timer(TimerOf whose, Moment at);
  void clear_timer(TimerId& timer);

  const Graph& graph_;
  const Plan& plan_;
  RunOptions options_;
  std::vector<State> steps_;
  std::vector<NodeState> nodes_;
  std::vector<std::vector<std::uint32_t>> holds_of_;  // by step: indexes into Graph::holds
  std::vector<std::vector<StepId>> extra_from_;       // by step: further edges (follows) that start there
  ReadySteps ready_;
  std::unordered_map<TimerId, TimerOf> timers_;
  TimerId last_timer_ = 0;
  TimerId teardown_timer_ = 0, run_timer_ = 0;
  std::unordered_map<std::size_t, TimerId> group_timers_;  // by group node
  std::deque<StepId> to_spread_, to_consider_;
  std::vector<StepId> newly_ready_;
  std::size_t unsettled_steps_ = 0;
  int running_ = 0;
  int cancels_ = 0;            // how often from outside
  bool no_hands_ = false;      // no thread was to be had: wait for one to end
  bool called_off_ = false;    // no success step starts any more
  bool by_fail_fast_ = false;  // … because one has failed: `failure` steps still start
  bool hurried_ = false;
  bool left_ = false;
  bool out_of_time_ = false;
  bool service_lost_ = false;  // one that somebody still needed
  std::string call_off_reason_;
  Moment now_{};
  Commands commands_;
};

}  // namespace cairn::plan
