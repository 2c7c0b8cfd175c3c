// Finding what a crash left running, when neither brain nor keeper is there any more.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/effects/clock.h"

namespace cairn::keeper {

struct SweepFilter {
  std::string project;     // as in KeeperSetup; must not be empty
  std::string run;         // empty: all runs of the project
  std::string run_folder;  // its records name processes that have cleared their environment; may be empty
};

struct Swept {
  struct LeftBehind {
    pid_t pid = 0;
    std::string why;
  };
  std::vector<pid_t> ended;
  std::vector<LeftBehind> left;
};

// Stops the processes of our user which carry the filter's markers in their environment, or are recorded with
// the same pid, start time and boot: SIGTERM, and SIGKILL to what still runs after `grace`. Nothing else is
// touched, nor the caller and its ancestors (`cairn clean` may itself run within a step). The caller makes
// sure that the run's lock is free. Not found: a process that has cleared its environment and was started by
// another one than the keeper.
Swept sweep(const SweepFilter& filter, Nanoseconds grace);

// The same without stopping them.
std::vector<pid_t> left_running(const SweepFilter& filter);

}  // namespace cairn::keeper
