// The brain's thread: takes what happened from its inbox, asks the plan what to do, and has hands do it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "interpreter/graph.h"
#include "runtime/effects/clock.h"
#include "runtime/effects/journal.h"
#include "runtime/execute/durations.h"
#include "runtime/execute/hand.h"
#include "runtime/execute/performer.h"
#include "runtime/execute/telling.h"
#include "runtime/execute/threads.h"
#include "runtime/plan/facts.h"
#include "runtime/plan/plan.h"
#include "runtime/plan/run.h"

namespace cairn::execute {

// Everything that the loop is given; all of it must outlive it.
struct LoopParts {
  const Graph& graph;
  const plan::Plan& plan;
  const plan::Facts& facts;
  Performer& performer;
  Clock& clock;
  Threads& threads;
  progress::Emitter& emitter;
  scribe::Scribe& scribe;
  const scribe::Masker& masker;
  Exports& exports;
  Durations& durations;  // read for the order, and told what the steps took
  PlaceOf place_of;
  std::uint32_t incarnation = 1;
  Journal* journal = nullptr;  // null: none is kept
  // Told of commands before they are carried out. May be empty.
  std::function<void(const plan::Run&, const plan::Commands&)> before_acting{};
  // Told every event with what comes of it: for whoever checks the run's rules. May be empty.
  std::function<void(const plan::Event&, const plan::Commands&)> on_turn{};
};

class Loop {
 public:
  Loop(LoopParts parts, plan::RunOptions options);

  // Blocks until the run is over. May be called once.
  progress::RunFinished run();
  // Thread-safe. The first cancels and tears down, the second kills what is left, the third leaves.
  void cancel(std::string reason);
  // Thread-safe. How many may be in a lane from now on.
  void resize(std::string lane, int size);

  const plan::Run& plan_run() const { return run_; }
  // Hands that did not end when they were asked to. If there are any, what they use must not be taken down:
  // after all is written, leave with leave_now().
  int left_behind() const { return left_behind_; }
  // All came to its end: nothing is to be resumed.
  bool came_to_its_end() const { return !leave_ && left_behind_ == 0 && run_.over(); }

 private:
  // What an event has led to. Nothing of it is done before the journal says so.
  struct Decided {
    plan::Commands commands;
    Death death;  // that the commands speak of, if they do
  };
  struct Waiting {
    std::uint64_t intent = 0;
    std::shared_ptr<Permission> permission;
  };

  void tell(const plan::Event& event, Death death = {});
  void end_turn();
  void record(const plan::Commands& commands);
  StepOutcome outcome_to_record(StepId step);
  void act(const plan::Command& command, const Death& death);
  void start(const plan::StartAttempt& start);
  void settled(StepId step);
  void take(Message message);
  plan::Moment now() { return parts_.clock.now() - began_; }

  LoopParts parts_;
  Surroundings around_;
  plan::Run run_;
  Telling telling_;
  const std::shared_ptr<Messages> messages_ = std::make_shared<Messages>();
  std::stop_source hurry_;
  std::unordered_map<std::size_t, std::shared_ptr<Hand>> hands_;  // by step: its attempt under way
  std::map<std::pair<plan::Moment, plan::TimerId>, bool> timers_;
  std::unordered_map<plan::TimerId, plan::Moment> timer_at_;
  std::vector<Decided> decided_;                          // in this turn
  std::vector<Waiting> announced_;                        // in this turn
  std::vector<plan::Event> not_begun_;                    // attempts that could not even begin, and why
  std::unordered_map<std::size_t, Published> published_;  // by step: by its last attempt
  std::optional<Failure> not_recorded_;                   // the journal could not be written in this turn
  Instant began_{};
  int left_behind_ = 0;
  bool leave_ = false;
};

// Flushes what is buffered and ends the program without unwinding: hands that were left behind still use it.
[[noreturn]] void leave_now(int exit_code);

}  // namespace cairn::execute
