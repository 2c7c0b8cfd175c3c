// Which steps decide when a run ends: looked back at (`cairn slow`) and looked ahead to (the live view).
#pragma once

#include <string>
#include <vector>

#include "runtime/progress/run_state.h"

namespace cairn::progress {

struct ChainLink {
  std::string step;
  double begins = 0;  // seconds since the run began
  double seconds = 0;
  double waited = 0;  // between the end of the link before it (or the run's beginning) and its own beginning
  std::string waited_for;           // named; empty if it was not said
  std::vector<std::string> causes;  // why it comes after the link before: the reasons of the edges
};

struct Slack {
  std::string step;
  double seconds = 0;  // how long it took
  double slack = 0;    // how much longer it could have taken, had nothing else changed, with unlimited lanes
};

struct SlowAnalysis {
  double seconds = 0;      // from the run's beginning to the last step's end
  double lower_bound = 0;  // the longest path of what was run: no number of lanes makes it faster than this
  double waited = 0;       // within the chain
  std::vector<ChainLink> chain;  // in the order of time; its last link ended last
  std::vector<Slack> slack;      // the least first; virtual steps and those that never ran are left out
};

// Pure: from the events' times and the planned dependencies alone. Steps that never started take no time.
SlowAnalysis analyse_slow(const RunState& run);
std::string slow_text(const SlowAnalysis& analysis);  // for the terminal

// The longest path of what is still to do, as far as it is known.
struct Ahead {
  std::vector<std::string> chain;  // unfinished steps, virtual ones left out, the first is running or next
  double seconds = 0;
  bool is_complete = true;  // false if a step on it has no known duration: then `seconds` is a lower bound
};
Ahead look_ahead(const RunState& run, std::int64_t now_ms);

}  // namespace cairn::progress
