// What ends a step from outside: the death of a service, a deadline, a cancel.
#include <algorithm>

#include "runtime/plan/run.h"
#include "runtime/plan/show_time.h"

namespace cairn::plan {

void Run::on_death(const ServiceDied& event) {
  NodeState& service = nodes_[index(event.service)];
  const StepId started = graph_.step(event.service, Phase::start);
  const StepId stopped = graph_.step(event.service, Phase::stop);
  const bool lives = started != no_step && state(started).begun && state(started).attempt == event.attempt &&
                     (stopped == no_step || !state(stopped).begun);
  if (!lives || service.dead) return;
  service.dead = true;
  service.death = "`" + graph_.node(event.service).path + "` " + event.reason;
  const Broken broken{event.service, {.message = service.death}};

  bool needed = false;
  if (outcome(started) == nullptr) {
    needed = true;  // it died before its start was over: that may be tried again, else `ready` tells
  } else {
    needed = break_users(event.service, broken);
  }
  commands_.push_back(ServiceLost{event.service, event.reason, needed});
}

// True if somebody still needed it.
bool Run::break_users(NodeId service, const Broken& broken) {
  bool needed = false;
  if (const StepId ready = graph_.step(service, Phase::ready);
      ready != no_step && outcome(ready) == nullptr) {
    needed = true;
    end_early(ready, broken);
  }
  const StepId alive = proof_of_life(service);
  for (const std::uint32_t hold : nodes_[index(service)].holds) {
    const StepId user = graph_.holds[hold].user;
    const Is is = state(user).is;
    if (is_finaliser(phase(user)) || is == Is::settled || is == Is::stopping) continue;
    const bool under_way = is == Is::running || is == Is::backing_off;
    // With another `when` than success it can do without: what it reads of the service is null then.
    if (!under_way && graph_.node_of(user).policy.when != When::success) continue;
    if (under_way)
      end_early(user, broken);
    else
      settle(user, Skipped{alive, nodes_[index(service)].death});
    needed = true;
    service_lost_ |= !allowed_to_fail(user) && !nodes_[index(service)].allowed_to_fail;
  }
  return needed;
}

void Run::on_timer(TimerId timer) {
  const auto found = timers_.find(timer);
  if (found == timers_.end()) return;
  const TimerOf whose = found->second;
  timers_.erase(found);
  if (const StepId* step = std::get_if<StepId>(&whose)) {
    on_step_timer(*step);
  } else if (const NodeId* group = std::get_if<NodeId>(&whose)) {
    group_out_of_time(*group);
  } else {
    switch (std::get<RunTimer>(whose)) {
      case RunTimer::no_hand:
        no_hands_ = false;
        break;
      case RunTimer::teardown:
        if (hurried_)
          leave();
        else
          hurry();
        break;
      case RunTimer::whole_run:
        if (only_teardown_is_left()) break;
        out_of_time_ = true;
        call_off("the run was given " + show_time(*options_.timeout));
        if (teardown_timer_ == 0) teardown_timer_ = set_timer(RunTimer::teardown, now_ + options_.teardown);
        break;
    }
  }
}

bool Run::only_teardown_is_left() const {
  return std::all_of(graph_.order.begin(), graph_.order.end(),
                     [&](StepId step) { return outcome(step) != nullptr || is_finaliser(phase(step)); });
}

void Run::on_step_timer(StepId step) {
  State& its = state(step);
  its.timer = 0;
  if (its.is == Is::backing_off) {
    its.is = Is::ready;
    ready_.add(step);
    newly_ready_.push_back(step);
  } else if (its.is == Is::running) {
    const Policy& policy = graph_.node_of(step).policy;
    Trouble trouble;
    if (is_finaliser(phase(step))) {
      trouble.message = graph_.name(step) + " did not end in time";
    } else {
      trouble.message =
          shown(step) + " did not end within " +
          show_time(std::chrono::milliseconds(policy.timeout ? policy.timeout->milliseconds : 0));
      trouble.help = "its `timeout` bounds one attempt";
    }
    stop(step, TimedOut{std::move(trouble)});
  } else if (its.is == Is::stopping) {
    Trouble trouble{.message = graph_.name(step) + " did not end when it was asked to, and was left behind",
                    .causes = {reason_of(*its.outcome)}};
    ready_.give_back(step);
    --running_;
    commands_.push_back(AbandonAttempt{step, its.attempt});
    settle(step, Abandoned{std::move(trouble)});
  }
}

void Run::cancel(const std::string& reason) {
  if (over()) return;
  ++cancels_;
  if (cancels_ == 1) {
    call_off(reason);
    if (teardown_timer_ == 0) teardown_timer_ = set_timer(RunTimer::teardown, now_ + options_.teardown);
  } else if (cancels_ == 2) {
    hurry();
  } else {
    leave();
  }
}

// Ends whatever does not go on when the run is called off; what is waiting is Cancelled at once.
void Run::call_off(const std::string& reason) {
  called_off_ = true;
  if (call_off_reason_.empty() || cancels_ > 0) call_off_reason_ = reason;
  for (const StepId step : graph_.order) {
    if (outcome(step) != nullptr || phase(step) == Phase::end || goes_on_when_called_off(step)) continue;
    end_early(step, Cancelled{call_off_reason_});
  }
}

// No more patience: everything is killed, finalisers get a short last grace each.
void Run::hurry() {
  if (hurried_) return;
  hurried_ = true;
  commands_.push_back(Hurry{});
  call_off(call_off_reason_);
  for (const StepId step : graph_.order) {
    if (!is_running(step)) continue;
    clear_timer(state(step).timer);
    state(step).timer = set_timer(step, now_ + options_.last_grace);
  }
  clear_timer(teardown_timer_);
  teardown_timer_ = set_timer(RunTimer::teardown, now_ + options_.teardown);
}

void Run::leave() {
  for (const StepId step : graph_.order) {
    State& its = state(step);
    if (its.is == Is::settled) continue;
    const StepId undone = is_finaliser(phase(step)) ? undone_by(step) : no_step;
    if (is_running(step)) {
      commands_.push_back(AbandonAttempt{step, its.attempt});
      ready_.give_back(step);
      --running_;
      settle(step, Abandoned{{.message = graph_.name(step) + " was still running when the run was left",
                              .help = "`cairn clean` removes what is left"}});
    } else if (undone != no_step && state(undone).begun) {
      settle(step, Abandoned{{.message = shown(step) + " was left behind",
                              .help = "`cairn clean` removes what is left"}});
    } else {
      settle(step, Cancelled{call_off_reason_});
    }
  }
  to_spread_.clear();
  to_consider_.clear();
  left_ = true;
  commands_.push_back(Leave{});
}

void Run::group_out_of_time(NodeId group) {
  const Node& node = graph_.node(group);
  for (const StepId step : graph_.order) {
    if (outcome(step) != nullptr || is_finaliser(phase(step)) || phase(step) == Phase::end) continue;
    bool inside = false;
    for (NodeId at = graph_.steps[index(step)].node; at != no_node && !inside; at = graph_.node(at).parent)
      inside = at == group;
    if (!inside) continue;
    state(step).last_attempt = true;
    end_early(step,
              TimedOut{{.message = "`" + node.path + "` did not end within " +
                                   show_time(std::chrono::milliseconds(node.policy.timeout->milliseconds))}});
  }
}

// A step that is under way is asked to stop; any other is settled now.
void Run::end_early(StepId step, Outcome outcome_then) {
  State& its = state(step);
  if (its.is == Is::running)
    stop(step, std::move(outcome_then));
  else if (its.is != Is::stopping && its.is != Is::settled)
    settle(step, std::move(outcome_then));
}

void Run::stop(StepId step, Outcome because) {
  State& its = state(step);
  its.is = Is::stopping;
  its.outcome = std::move(because);
  clear_timer(its.timer);
  const Wait grace = hurried_ ? options_.last_grace : options_.grace + own_grace(step);
  its.timer = set_timer(step, now_ + grace);
  commands_.push_back(StopAttempt{step, its.attempt});
}

// What the file grants it to end.
Wait Run::own_grace(StepId step) const {
  for (const Setting& setting : graph_.node_of(step).settings)
    if (setting.name == "stop_grace_period")
      if (const Duration* grace = setting.value.as<Duration>())
        return std::chrono::milliseconds(grace->milliseconds);
  return Wait(0);
}

TimerId Run::set_timer(TimerOf whose, Moment at) {
  const TimerId timer = ++last_timer_;
  timers_.emplace(timer, whose);
  commands_.push_back(SetTimer{timer, at});
  return timer;
}

void Run::clear_timer(TimerId& timer) {
  if (timer != 0 && timers_.erase(timer) > 0) commands_.push_back(ClearTimer{timer});
  timer = 0;
}

}  // namespace cairn::plan
