// The end of a program that was run in a container (exec.h). An engine has no call for it, and its word of
// the process's number is of its own machine: so it is found from inside, by an entry of its environment, by
// a script that needs nothing of the image but a shell.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/exec.h"

namespace cairn::docker {

// The variable that a program has to be given to be found again. Its value ends in a character that it holds
// nowhere else, so that none is the beginning of another one.
inline constexpr const char* exec_mark = "CAIRN_EXEC";

struct MarkedExec {
  std::string container;
  std::string user;  // as which the program runs; empty: the container's own
  std::string mark;  // the variable's value, or the beginning of it
};

// Signal to the program itself; when that has ended, or the grace is over, SIGKILL to the rest of what it
// has started: what has its mark or belongs to its session. Success when nothing of it is left, also when
// there was nothing. `wait_for_end` waits for the program, until its token or the deadline; true: it has
// ended.
Result<> end_exec(Engine& engine, const MarkedExec& exec, const StopOrder& order,
                  const std::function<bool(std::stop_token, Instant)>& wait_for_end);

// SIGKILL to programs of that mark that are still at work, with their sessions: somebody else has begun them
// and is gone. What one that had ended has left running, a daemon, is let alone. How many there were.
Result<int> end_forgotten_execs(Engine& engine, const MarkedExec& execs, std::stop_token stop);

}  // namespace cairn::docker
