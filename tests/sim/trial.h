// One simulated world, a run in it with all that may befall it, and what is wrong with how that came out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/stacks.h"
#include "tests/sim/weather.h"

namespace cairn::sim {

// What is to happen in a run.
struct Plot {
  Forecast forecast;
  int trouble = 0;  // see random_stack()
  bool cancels = false, deaths = false, restarts = false, few_threads = false, wall_jumps = false;
  bool fail_fast = false;
  // The run is killed at this call across a seam; what resumes it at that one of its own; 0: not.
  int kill_at = 0, kill_again_at = 0;
  bool resumes = false;  // after a kill; otherwise `clean` follows at once

  // Something happens that a run may fail of.
  bool eventful() const { return !forecast.calm() || cancels || deaths || restarts || few_threads; }
};

// How a trial has ended.
struct End {
  std::vector<std::string> complaints;  // each begins with the number of the invariant
  std::uint64_t trace = 14695981039346656037u;
  int calls = 0;  // of the first process, across its seams
  int switches = 0, exit_code = -1;
  bool killed = false, resumed = false;
  std::map<std::string, char>
      outcomes;                        // by step that is no finaliser: (g)ood, (b)ad, (s)kipped, (n)ot needed
  std::vector<std::string> kept;       // what stays on the engine by the file's word
  std::vector<std::string> artifacts;  // files that the run has collected
};

struct TrialSetup {
  std::uint64_t seed = 1;
  bool tells = false;                     // prints every call and event
  std::optional<Plot> plot = {};          // none: by the seed
  const End* uncrashed = nullptr;         // how it ends without a kill, where that is known
  std::optional<RandomStack> stack = {};  // none: by the seed
};
End run_trial(const TrialSetup& setup);

}  // namespace cairn::sim
