#include "runtime/execute/loop.h"

#include <unistd.h>

#include <cstdio>

#include "runtime/execute/recorded_value.h"

namespace cairn::execute {

namespace {

plan::Trouble trouble_from(const Failure& failure) {
  return {.message = failure.message,
          .causes = failure.causes,
          .help = failure.help,
          .endpoint = failure.is == FailureClass::endpoint};
}

plan::AttemptEnded ended(const HandEnded& hand) {
  plan::AttemptEnded end{hand.step, hand.attempt, plan::Succeeded{}};
  if (!hand.result.ok()) {
    const Failure& failure = hand.result.failure();
    if (failure.is == FailureClass::cancelled)
      end.how = plan::Cancelled{failure.message};
    else if (failure.is == FailureClass::timeout)
      end.how = plan::TimedOut{trouble_from(failure)};
    else
      end.how = plan::Failed{trouble_from(failure)};
    return end;
  }
  switch (hand.result->is) {
    case StepEnd::Is::succeeded:
      break;
    case StepEnd::Is::kept:
      end.how = plan::Kept{hand.result->reason};
      break;
    case StepEnd::Is::not_needed:
      end.how = plan::NotNeeded{hand.result->reason};
      break;
  }
  return end;
}

void refuse(const EffectAnnounced& announced) {
  announced.permission->answer = nobody_asks();
  announced.permission->given.request_stop();
}

// The step whose end is the node's, for `.outcome`, `.error` and `.seconds`.
bool is_main(NodeClass of, Phase phase) {
  switch (of) {
    case NodeClass::thing:
      return phase == Phase::make;
    case NodeClass::service:
      return phase == Phase::ready;
    case NodeClass::task:
      return phase == Phase::run;
    case NodeClass::group:
      return phase == Phase::end;
    case NodeClass::endpoint:
      return false;
  }
  return false;
}

}  // namespace

Loop::Loop(LoopParts parts, plan::RunOptions options)
    : parts_(std::move(parts)),
      around_{parts_.performer, parts_.clock,   parts_.emitter,           parts_.scribe,
              parts_.masker,    parts_.exports, parts_.journal != nullptr},
      run_(parts_.graph, parts_.plan,
           [&] {
             if (!options.expected)
               options.expected = [this](StepId step) {
                 return parts_.durations.seconds(parts_.graph.name(step)).value_or(-1);
               };
             return std::move(options);
           }()),
      telling_(parts_.graph, run_, parts_.emitter, parts_.masker, parts_.scribe, parts_.exports,
               parts_.place_of) {}

progress::RunFinished Loop::run() {
  began_ = parts_.clock.now();
  telling_.planned(parts_.plan, [this](StepId step) {
    return parts_.durations.seconds(parts_.graph.name(step)).value_or(-1);
  });
  tell(plan::Began{});
  end_turn();
  while (!run_.over() && !leave_) {
    const Instant until = timers_.empty() ? Instant::max() : began_ + timers_.begin()->first.first;
    std::optional<Message> message = messages_->take(parts_.clock, until);
    if (!message) {
      const plan::TimerId timer = timers_.begin()->first.second;
      timers_.erase(timers_.begin());
      timer_at_.erase(timer);
      tell(plan::TimerFired{timer});
    }
    // All that has come meanwhile is one turn, and one write to the journal.
    for (; message; message = messages_->take_waiting()) take(std::move(*message));
    end_turn();
  }
  for (const Message& message : messages_->close())
    if (const EffectAnnounced* announced = std::get_if<EffectAnnounced>(&message)) refuse(*announced);
  progress::RunFinished finished = telling_.sum();
  finished.exit_code = run_.exit_code();
  finished.seconds = std::chrono::duration<double>(now()).count();
  return finished;
}

void Loop::cancel(std::string reason) {
  messages_->post(CancelWanted{std::move(reason)});
}
void Loop::resize(std::string lane, int size) {
  messages_->post(LaneWanted{std::move(lane), size});
}

void Loop::take(Message message) {
  if (HandEnded* hand = std::get_if<HandEnded>(&message)) {
    const auto under_way = hands_.find(index(hand->step));
    if (under_way == hands_.end() || run_.attempts(hand->step) != hand->attempt) return;
    hands_.erase(under_way);
    published_[index(hand->step)] = std::move(hand->published);
    tell(ended(*hand));
  } else if (EffectAnnounced* announced = std::get_if<EffectAnnounced>(&message)) {
    const auto under_way = hands_.find(index(announced->step));
    if (under_way != hands_.end() && announced->effect.attempt == run_.attempts(announced->step)) {
      announced_.push_back({parts_.journal->append(announced->effect), std::move(announced->permission)});
    } else {
      refuse(*announced);
    }
  } else if (const EffectCameOut* effect = std::get_if<EffectCameOut>(&message)) {
    parts_.journal->append(effect->outcome);
  } else if (ServiceGone* gone = std::get_if<ServiceGone>(&message)) {
    const plan::ServiceDied died{gone->service, gone->attempt, parts_.masker.masked(gone->death.reason)};
    tell(died, std::move(gone->death));
  } else if (CancelWanted* cancel = std::get_if<CancelWanted>(&message)) {
    tell(plan::CancelAsked{std::move(cancel->reason)});
  } else if (LaneWanted* lane = std::get_if<LaneWanted>(&message)) {
    tell(plan::LaneResized{std::move(lane->lane), lane->size});
  }
}

void Loop::tell(const plan::Event& event, Death death) {
  decided_.push_back({run_.on(event, now()), std::move(death)});
  if (parts_.on_turn) parts_.on_turn(event, decided_.back().commands);
}

// First the journal, then what it speaks of.
void Loop::end_turn() {
  do {
    for (const Decided& decided : decided_) {
      if (parts_.journal != nullptr) record(decided.commands);
      if (parts_.before_acting) parts_.before_acting(run_, decided.commands);
    }
    not_recorded_.reset();
    if (parts_.journal != nullptr)
      if (Result<Done> written = parts_.journal->commit(); !written) not_recorded_ = written.failure();
    for (Waiting& waiting : std::exchange(announced_, {})) {
      if (not_recorded_) parts_.journal->append(EffectOutcome{waiting.intent, false, {}});
      waiting.permission->answer =
          not_recorded_ ? Result<Announced>(*not_recorded_) : Result<Announced>(Announced{waiting.intent});
      waiting.permission->given.request_stop();
    }
    for (const Decided& decided : std::exchange(decided_, {}))
      for (const plan::Command& command : decided.commands) act(command, decided.death);
    for (const plan::Event& event : std::exchange(not_begun_, {})) tell(event);
  } while (!decided_.empty());
}

void Loop::record(const plan::Commands& commands) {
  for (const plan::Command& command : commands) {
    if (const plan::StartAttempt* begun = std::get_if<plan::StartAttempt>(&command)) {
      if (begun->verdict != plan::Verdict::keep)
        parts_.journal->append(StepBegun{parts_.graph.name(begun->step), begun->attempt});
    } else if (const plan::StepSettled* settled = std::get_if<plan::StepSettled>(&command)) {
      if (!is_virtual(parts_.graph.steps[index(settled->step)].phase) && run_.attempts(settled->step) > 0)
        parts_.journal->append(outcome_to_record(settled->step));
    }
  }
}

StepOutcome Loop::outcome_to_record(StepId step) {
  StepOutcome outcome;
  outcome.step = parts_.graph.name(step);
  outcome.outcome = plan::name_of(*run_.outcome(step));
  outcome.attempt = run_.attempts(step);
  const auto published = published_.find(index(step));
  if (published == published_.end()) return outcome;
  for (const auto& [name, value] : published->second)
    outcome.facts.emplace_back(name, recorded_value(parts_.graph, parts_.masker, value));
  published_.erase(published);
  return outcome;
}

void Loop::act(const plan::Command& command, const Death& death) {
  if (const plan::StartAttempt* to_start = std::get_if<plan::StartAttempt>(&command)) {
    start(*to_start);
  } else if (const plan::StopAttempt* stop = std::get_if<plan::StopAttempt>(&command)) {
    if (const auto hand = hands_.find(index(stop->step)); hand != hands_.end()) hand->second->ask_to_stop();
  } else if (const plan::AbandonAttempt* abandon = std::get_if<plan::AbandonAttempt>(&command)) {
    if (const auto hand = hands_.find(index(abandon->step)); hand != hands_.end()) {
      hand->second->leave_behind();
      hands_.erase(hand);
      ++left_behind_;
    }
  } else if (const plan::SetTimer* set = std::get_if<plan::SetTimer>(&command)) {
    timers_[{set->at, set->timer}] = true;
    timer_at_[set->timer] = set->at;
  } else if (const plan::ClearTimer* clear = std::get_if<plan::ClearTimer>(&command)) {
    if (const auto at = timer_at_.find(clear->timer); at != timer_at_.end()) {
      timers_.erase({at->second, clear->timer});
      timer_at_.erase(at);
    }
  } else if (const plan::StepSettled* step = std::get_if<plan::StepSettled>(&command)) {
    settled(step->step);
  } else if (const plan::AttemptRetried* retried = std::get_if<plan::AttemptRetried>(&command)) {
    telling_.retried(*retried);
  } else if (const plan::StepHeldUp* held_up = std::get_if<plan::StepHeldUp>(&command)) {
    telling_.held_up(*held_up);
  } else if (const plan::ServiceLost* lost = std::get_if<plan::ServiceLost>(&command)) {
    telling_.lost(*lost, death);
  } else if (std::holds_alternative<plan::Hurry>(command)) {
    hurry_.request_stop();
  } else if (std::holds_alternative<plan::Leave>(command)) {
    leave_ = true;
  }
}

void Loop::start(const plan::StartAttempt& start) {
  // What nobody could find again is not begun; taking down goes on.
  const bool causes =
      start.verdict != plan::Verdict::keep && !is_finaliser(parts_.graph.steps[index(start.step)].phase);
  if (not_recorded_ && causes) {
    not_begun_.push_back(
        plan::AttemptEnded{start.step, start.attempt, plan::Failed{trouble_from(*not_recorded_)}});
    return telling_.started(start);
  }
  const NodeId node = parts_.graph.steps[index(start.step)].node;
  const auto fact = parts_.facts.of_node.find(parts_.graph.node(node).path);
  StepRequest request{.graph = parts_.graph,
                      .step = start.step,
                      .node = node,
                      .phase = parts_.graph.steps[index(start.step)].phase,
                      .verdict = start.verdict,
                      .fact = fact == parts_.facts.of_node.end() ? nullptr : &fact->second,
                      .attempt = start.attempt,
                      .incarnation = parts_.incarnation};
  const std::optional<Instant> deadline =
      start.deadline ? std::optional(began_ + *start.deadline) : std::nullopt;
  const std::shared_ptr<Hand> hand = std::make_shared<Hand>(around_, request, parts_.graph.name(start.step),
                                                            deadline, hurry_.get_token(), messages_);
  hands_[index(start.step)] = hand;
  telling_.started(start);  // before it can have ended
  if (std::optional<StepResult> result = parts_.performer.at_once(request)) {
    messages_->post(HandEnded{start.step, start.attempt, std::move(*result), {}});
    return;
  }
  if (!parts_.threads.start([hand] { hand->work(); })) {
    hands_.erase(index(start.step));
    not_begun_.push_back(plan::NoHand{start.step, start.attempt});
  }
}

void Loop::settled(StepId step) {
  const plan::Outcome& outcome = *run_.outcome(step);
  const Node& node = parts_.graph.node_of(step);
  const double seconds = std::chrono::duration<double>(run_.ended(step) - run_.started(step)).count();
  if (run_.attempts(step) > 0) {
    parts_.scribe.end(parts_.graph.name(step));
    if (std::holds_alternative<plan::Succeeded>(outcome))
      parts_.durations.remember(parts_.graph.name(step), seconds);
  }
  if (is_main(node.node_class, parts_.graph.steps[index(step)].phase)) {
    const NodeId id = parts_.graph.steps[index(step)].node;
    const bool well = plan::is_good(outcome);
    parts_.exports.publish(id, "outcome", Value{.is = std::string(plan::name_of(outcome))});
    parts_.exports.publish(id, "error",
                           well ? Value{} : Value{.is = parts_.masker.masked(plan::reason_of(outcome))});
    parts_.exports.publish(id, "seconds", Value{.is = run_.attempts(step) > 0 ? seconds : 0.0});
  }
  telling_.settled(step);
}

void leave_now(int exit_code) {
  std::fflush(nullptr);
  _exit(exit_code);
}

}  // namespace cairn::execute
