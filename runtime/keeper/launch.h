// One fork and exec that share the keeper's memory, with everything prepared before.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/keeper/protocol.h"

namespace cairn::keeper {

struct Launch {
  std::vector<std::string> arguments;    // never empty
  std::vector<std::string> environment;  // "NAME=value"
  std::string working_dir;
  int input = -1, output = -1, errors = -1;  // become 0, 1, 2; all of them > 2
  std::vector<int> cgroups;                  // open cgroup.procs that it enters
  std::vector<OriginalLimit> limits;
  pid_t keeper = 0;  // the caller
};

struct Launched {
  pid_t pid = 0;  // 0: did not start
  SpawnStage failed_at = SpawnStage::none;
  int error = 0;
};

// The child dies with the calling thread (PDEATHSIG), which therefore has to be the keeper's only one; it has
// its own session, no blocked signals, default dispositions as the keeper's own, and the files 0, 1, 2 alone.
Launched launch(const Launch& launch);

}  // namespace cairn::keeper
