// From ready to settled: starting attempts, and what their ends mean.
#include "runtime/plan/run.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "runtime/plan/retry.h"
#include "runtime/plan/show_time.h"

namespace cairn::plan {

namespace {

// What a phase takes when nobody has seen it yet, in seconds.
double guess(Phase phase) {
  switch (phase) {
    case Phase::begin:
    case Phase::end:
      return 0;
    case Phase::run:
    case Phase::ready:
    case Phase::make:
      return 1;
    default:
      return 0.1;
  }
}

bool can_be_retried(Phase phase) {
  return phase == Phase::make || phase == Phase::create || phase == Phase::start || phase == Phase::run;
}

// So that times which differ by noise count as equal.
std::int64_t in_milliseconds(double seconds) {
  return std::llround(seconds * 1000);
}

}  // namespace

Run::Run(const Graph& graph, const Plan& plan, RunOptions options)
    : graph_(graph),
      plan_(plan),
      options_(std::move(options)),
      steps_(graph.steps.size()),
      nodes_(graph.nodes.size()),
      holds_of_(graph.steps.size()),
      extra_from_(graph.steps.size()),
      ready_(graph, options_.lanes_of_step, options_.lanes, options_.hands,
             [this](StepId a, StepId b) {
               const State& first = state(a);
               const State& second = state(b);
               const std::int64_t first_way = in_milliseconds(first.urgency);
               const std::int64_t second_way = in_milliseconds(second.urgency);
               if (first_way != second_way) return first_way > second_way;
               if (first.rank != second.rank) return first.rank < second.rank;
               return a < b;
             }),
      unsettled_steps_(graph.steps.size()) {
  assert(plan.steps.size() == graph.steps.size());
  prepare();
  weigh();
  let_nothing_be_undone_under_a_live_hand();
  keep_unused_services_to_the_end_of_their_stage();
}

void Run::prepare() {
  for (std::size_t i = 0; i < graph_.holds.size(); ++i) {
    holds_of_[index(graph_.holds[i].user)].push_back(static_cast<std::uint32_t>(i));
    nodes_[index(graph_.holds[i].service)].holds.push_back(static_cast<std::uint32_t>(i));
  }
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    for (NodeId at{static_cast<std::uint32_t>(i)}; at != no_node; at = graph_.node(at).parent) {
      const Policy& policy = graph_.node(at).policy;
      nodes_[i].always |= policy.when == When::always;
      nodes_[i].on_failure |= policy.when == When::failure;
      nodes_[i].allowed_to_fail |= policy.allow_failure;
    }
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Phase its = graph_.steps[i].phase;
    steps_[i].unsettled = static_cast<std::uint32_t>(graph_.edges_to[i].size());
    if (is_finaliser(its) || its == Phase::ready || !holds_of_[i].empty())
      steps_[i].rank = 0;
    else if (its == Phase::create || its == Phase::start || its == Phase::make)
      steps_[i].rank = 2;
  }
}

void Run::weigh() {
  for (auto step = graph_.order.rbegin(); step != graph_.order.rend(); ++step) {
    double longest = 0;
    for (const std::uint32_t edge : graph_.edges_from[index(*step)])
      longest = std::max(longest, state(graph_.edges[edge].to).urgency);
    if (plan_.steps[index(*step)].verdict != Verdict::not_needed) {
      const double known = options_.expected ? options_.expected(*step) : -1;
      longest += known >= 0 ? known : guess(phase(*step));
    }
    state(*step).urgency = longest;
  }
}

// A phase may be settled before the one before it has ended: `ready` is cancelled at once, while `start` is
// still being stopped. So what undoes a phase waits for that phase itself, and for all that hold the service.
void Run::let_nothing_be_undone_under_a_live_hand() {
  const auto follow = [this](StepId from, StepId finaliser) {
    if (from == no_step || finaliser == no_step) return;
    extra_from_[index(from)].push_back(finaliser);
    ++state(finaliser).unsettled;
  };
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const StepId step{static_cast<std::uint32_t>(i)};
    if (!is_finaliser(phase(step))) continue;
    follow(undone_by(step), step);
    // Of a run that goes on, a service may be stopped that was not started again: it was still being made.
    if (phase(step) == Phase::stop) follow(graph_.step(graph_.steps[i].node, Phase::create), step);
  }
  for (const Hold& hold : graph_.holds) follow(hold.user, graph_.step(hold.service, Phase::stop));
}

// Rule 39 lets a service go when its last user has ended; one that no step of this run uses is there for
// whoever looks at the stage from outside, so it lives until its stage has ended.
void Run::keep_unused_services_to_the_end_of_their_stage() {
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    if (node.node_class != NodeClass::service || node.stage == no_node) continue;
    const StepId stopped = graph_.step(NodeId{static_cast<std::uint32_t>(i)}, Phase::stop);
    const StepId stage_ended = graph_.step(node.stage, Phase::end);
    if (stopped == no_step || stage_ended == no_step) continue;
    const bool used = std::any_of(nodes_[i].holds.begin(), nodes_[i].holds.end(), [&](std::uint32_t hold) {
      return plan_.steps[index(graph_.holds[hold].user)].verdict != Verdict::not_needed;
    });
    if (used) continue;
    std::vector<char> seen(steps_.size(), 0);  // a stage that waits for this stop cannot be waited for
    std::vector<StepId> open = {stopped};
    while (!open.empty() && !seen[index(stage_ended)]) {
      const StepId at = open.back();
      open.pop_back();
      for (const std::uint32_t edge : graph_.edges_from[index(at)]) {
        const StepId next = graph_.edges[edge].to;
        if (!std::exchange(seen[index(next)], 1)) open.push_back(next);
      }
    }
    if (seen[index(stage_ended)]) continue;
    extra_from_[index(stage_ended)].push_back(stopped);
    ++state(stopped).unsettled;
  }
}

Commands Run::on(const Event& event, Moment now) {
  if (left_) return {};
  now_ = std::max(now_, now);
  if (std::holds_alternative<Began>(event))
    begin();
  else if (const AttemptEnded* end = std::get_if<AttemptEnded>(&event))
    on_end(*end);
  else if (const NoHand* no_hand = std::get_if<NoHand>(&event))
    on_no_hand(*no_hand);
  else if (const ServiceDied* death = std::get_if<ServiceDied>(&event))
    on_death(*death);
  else if (const TimerFired* fired = std::get_if<TimerFired>(&event))
    on_timer(fired->timer);
  else if (const CancelAsked* asked = std::get_if<CancelAsked>(&event))
    cancel(asked->reason);
  else if (const LaneResized* resized = std::get_if<LaneResized>(&event))
    ready_.resize(resized->lane, resized->size);
  work_off();
  dispatch();
  if (over() && !left_) {
    clear_timer(run_timer_);
    clear_timer(teardown_timer_);
  }
  return std::exchange(commands_, {});
}

void Run::begin() {
  if (options_.timeout) run_timer_ = set_timer(RunTimer::whole_run, now_ + *options_.timeout);
  for (const StepId step : graph_.order) {
    const StepPlan& planned = plan_.steps[index(step)];
    if (planned.verdict == Verdict::not_needed)
      settle(step, NotNeeded{planned.reason, true});
    else
      to_consider_.push_back(step);
  }
}

// Settling one step may decide many others; a queue instead of recursion, so that a chain of ten thousand
// fits.
void Run::work_off() {
  while (!to_spread_.empty() || !to_consider_.empty()) {
    if (!to_spread_.empty()) {
      const StepId step = to_spread_.front();
      to_spread_.pop_front();
      spread(step);
    } else {
      const StepId step = to_consider_.front();
      to_consider_.pop_front();
      consider(step);
    }
  }
}

void Run::dispatch() {
  while (!no_hands_ && !left_) {
    const std::optional<StepId> step = ready_.take();
    if (!step) break;
    start(*step);
  }
  for (const StepId step : newly_ready_) {
    if (state(step).is != Is::ready) continue;
    if (no_hands_) {
      commands_.push_back(StepHeldUp{step, "threads", "the system gives no more"});
    } else if (const std::optional<ReadySteps::Full> full = ready_.full_lane_of(step)) {
      commands_.push_back(StepHeldUp{
          step, full->lane, std::to_string(full->used) + " of " + std::to_string(full->size) + " in use"});
    }
  }
  newly_ready_.clear();
}

void Run::start(StepId step) {
  State& its = state(step);
  const Policy& policy = graph_.node_of(step).policy;
  its.is = Is::running;
  its.begun = true;
  if (++its.attempt == 1) its.started = now_;
  if (phase(step) == Phase::start)
    nodes_[index(graph_.steps[index(step)].node)].dead = false;  // another life
  ++running_;
  std::optional<Moment> deadline;
  if (is_finaliser(phase(step)))
    deadline = now_ + (hurried_ ? options_.last_grace : options_.finaliser + own_grace(step));
  else if (policy.timeout)
    deadline = now_ + std::chrono::milliseconds(policy.timeout->milliseconds);
  if (deadline) its.timer = set_timer(step, *deadline);
  commands_.push_back(StartAttempt{step, its.attempt, plan_.steps[index(step)].verdict, deadline});
}

void Run::on_end(const AttemptEnded& event) {
  State& its = state(event.step);
  if ((its.is != Is::running && its.is != Is::stopping) || its.attempt != event.attempt) return;
  const bool was_asked_to_stop = its.is == Is::stopping;
  clear_timer(its.timer);
  ready_.give_back(event.step);
  --running_;
  no_hands_ = false;

  const Failed* failed = std::get_if<Failed>(&event.how);
  const TimedOut* timed_out = std::get_if<TimedOut>(&event.how);
  const bool ended_well = event.how.index() < 3;
  // What it managed to do before it heard the stop is true; but with a dead service even a success proves
  // nothing.
  if (was_asked_to_stop && !(ended_well && !std::holds_alternative<Broken>(*its.outcome))) {
    Outcome meant = std::exchange(its.outcome, std::nullopt).value();
    const Trouble* said = failed != nullptr      ? &failed->trouble
                          : timed_out != nullptr ? &timed_out->trouble
                                                 : nullptr;
    if (TimedOut* out_of_time = std::get_if<TimedOut>(&meant); out_of_time != nullptr && said != nullptr) {
      out_of_time->trouble.causes.push_back(said->message);
      out_of_time->trouble.causes.insert(out_of_time->trouble.causes.end(), said->causes.begin(),
                                         said->causes.end());
      if (out_of_time->trouble.help.empty()) out_of_time->trouble.help = said->help;
    }
    retry_or_settle(event.step, std::move(meant));
    return;
  }
  its.outcome.reset();
  if (failed != nullptr)
    retry_or_settle(event.step, *failed);
  else if (timed_out != nullptr)
    retry_or_settle(event.step, *timed_out);
  else if (std::holds_alternative<Succeeded>(event.how) &&
           plan_.steps[index(event.step)].verdict == Verdict::keep)
    settle(event.step, Kept{plan_.steps[index(event.step)].reason});
  else if (std::holds_alternative<Succeeded>(event.how))
    settle(event.step, Succeeded{});
  else if (const Kept* kept = std::get_if<Kept>(&event.how))
    settle(event.step, *kept);
  else if (const NotNeeded* not_needed = std::get_if<NotNeeded>(&event.how))
    settle(event.step, *not_needed);
  else
    settle(event.step, Failed{{.message = shown(event.step) + " ended as if it had been asked to"}});
}

void Run::on_no_hand(const NoHand& event) {
  State& its = state(event.step);
  if ((its.is != Is::running && its.is != Is::stopping) || its.attempt != event.attempt) return;
  const bool was_asked_to_stop = its.is == Is::stopping;
  clear_timer(its.timer);
  ready_.give_back(event.step);
  --running_;
  --its.attempt;
  its.begun = its.attempt > 0;
  std::optional<Outcome> meant = std::exchange(its.outcome, std::nullopt);
  if (was_asked_to_stop && !is_finaliser(phase(event.step))) {
    settle(event.step, std::move(*meant));
    return;
  }
  its.is = Is::ready;
  ready_.add(event.step);
  newly_ready_.push_back(event.step);
  no_hands_ = true;
  set_timer(RunTimer::no_hand, now_ + options_.no_hand_pause);
}

void Run::retry_or_settle(StepId step, Outcome outcome) {
  State& its = state(step);
  const Policy& policy = graph_.node_of(step).policy;
  const bool may = std::holds_alternative<Failed>(outcome) || std::holds_alternative<TimedOut>(outcome);
  const bool wanted = !called_off_ || goes_on_when_called_off(step);
  if (!may || !wanted || its.last_attempt || !can_be_retried(phase(step)) ||
      its.attempt > policy.retry.times) {
    settle(step, std::move(outcome));
    return;
  }
  const Wait delay = retry_delay(policy.retry, its.attempt, options_.chance ? options_.chance() : 0.5);
  its.is = Is::backing_off;
  its.timer = set_timer(step, now_ + delay);
  commands_.push_back(AttemptRetried{step, its.attempt, *trouble_of(outcome), delay});
}

void Run::settle(StepId step, Outcome outcome) {
  State& its = state(step);
  assert(its.is != Is::settled);
  if (its.is == Is::ready) ready_.drop(step);
  clear_timer(its.timer);
  its.is = Is::settled;
  its.ended = now_;
  const bool counts = trouble_of(outcome) != nullptr && !allowed_to_fail(step);
  its.behind_failure |= counts || std::holds_alternative<Skipped>(outcome);
  its.outcome = std::move(outcome);
  --unsettled_steps_;
  to_spread_.push_back(step);
  commands_.push_back(StepSettled{step});

  const NodeId node = graph_.steps[index(step)].node;
  const Policy& policy = graph_.node(node).policy;
  if (phase(step) == Phase::begin && policy.timeout && is_good(*its.outcome))
    group_timers_[index(node)] =
        set_timer(node, now_ + std::chrono::milliseconds(policy.timeout->milliseconds));
  if (phase(step) == Phase::end)
    if (const auto timer = group_timers_.find(index(node)); timer != group_timers_.end())
      clear_timer(timer->second);
  if (counts && options_.fail_fast && !called_off_) {
    by_fail_fast_ = true;
    call_off(shown(step) + " " + (is_finaliser(phase(step)) ? "could not be undone" : "failed") +
             ", and the run was to stop at the first failure");
  }
}

const Outcome* Run::outcome(StepId step) const {
  return state(step).is == Is::settled ? &*state(step).outcome : nullptr;
}

bool Run::is_running(StepId step) const {
  return state(step).is == Is::running || state(step).is == Is::stopping;
}

bool Run::allowed_to_fail(StepId step) const {
  // What is left behind always counts.
  return !is_finaliser(phase(step)) && nodes_[index(graph_.steps[index(step)].node)].allowed_to_fail;
}

std::string Run::shown(StepId step) const {
  return "`" + graph_.node_of(step).path + "`";
}

int Run::exit_code() const {
  if (cancels_ > 0) return 130;
  bool failed = service_lost_ || out_of_time_;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const StepId step{static_cast<std::uint32_t>(i)};
    const Outcome* its = outcome(step);
    if (its == nullptr || allowed_to_fail(step)) continue;
    if (const Skipped* skipped = std::get_if<Skipped>(its); skipped != nullptr && phase(step) != Phase::end) {
      // For a service that died: its own steps ended well, and those who used it may have been allowed to
      // fail.
      const Outcome* root = outcome(skipped->root);
      failed |= root != nullptr && trouble_of(*root) == nullptr && !allowed_to_fail(skipped->root);
    }
    const Trouble* trouble = trouble_of(*its);
    if (trouble == nullptr) continue;
    if (trouble->endpoint) return 3;
    failed = true;
  }
  return failed ? 1 : 0;
}

}  // namespace cairn::plan
