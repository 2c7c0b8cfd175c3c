// What the world tells a run, and what the run tells the world to do. Plain values, so that a run can be
// recorded, replayed and simulated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "interpreter/graph.h"
#include "runtime/plan/moment.h"
#include "runtime/plan/outcome.h"
#include "runtime/plan/verdict.h"

namespace cairn::plan {

using TimerId = std::uint64_t;

// ---- what happens ----

struct Began {};
// A hand has ended an attempt. Good, Kept, NotNeeded, Failed and TimedOut are what a hand can say; it says
// Cancelled when it ended because it was asked to.
struct AttemptEnded {
  StepId step = no_step;
  int attempt = 1;
  std::variant<Succeeded, Kept, NotNeeded, Failed, TimedOut, Cancelled> how;
};
// The attempt could not even begin: no thread was to be had. It counts as not made.
struct NoHand {
  StepId step = no_step;
  int attempt = 1;
};
struct ServiceDied {
  NodeId service = no_node;
  int attempt = 1;     // of its `start`
  std::string reason;  // "exited 137"
};
struct TimerFired {
  TimerId timer = 0;
};
// The first cancels and tears down, the second kills what is left, the third leaves.
struct CancelAsked {
  std::string reason;  // "interrupted by Ctrl-C"
};
struct LaneResized {
  std::string lane;
  int size = 0;
};
using Event = std::variant<Began, AttemptEnded, NoHand, ServiceDied, TimerFired, CancelAsked, LaneResized>;

// ---- what is to be done, in this order ----

struct StartAttempt {
  StepId step = no_step;
  int attempt = 1;
  Verdict verdict = Verdict::perform;
  std::optional<Moment> deadline;
};
struct StopAttempt {  // ask the hand to end
  StepId step = no_step;
  int attempt = 1;
};
struct AbandonAttempt {  // leave the hand behind; what it says from now on is dropped
  StepId step = no_step;
  int attempt = 1;
};
struct SetTimer {
  TimerId timer = 0;
  Moment at{};
};
struct ClearTimer {
  TimerId timer = 0;
};
struct StepSettled {  // its outcome is Run::outcome(step)
  StepId step = no_step;
};
struct AttemptRetried {
  StepId step = no_step;
  int attempt = 1;  // the one that ended
  Trouble trouble;
  Wait next_in{};
};
struct StepHeldUp {  // it could run but for a lane or pool
  StepId step = no_step;
  std::string lane;
  std::string why;  // "2 of 2 in use"
};
struct ServiceLost {
  NodeId service = no_node;
  std::string reason;
  bool used = false;  // somebody still needed it
};
struct Hurry {};  // no more grace: kill
struct Leave {};  // end the program now
using Command = std::variant<StartAttempt, StopAttempt, AbandonAttempt, SetTimer, ClearTimer, StepSettled,
                             AttemptRetried, StepHeldUp, ServiceLost, Hurry, Leave>;
using Commands = std::vector<Command>;

}  // namespace cairn::plan
