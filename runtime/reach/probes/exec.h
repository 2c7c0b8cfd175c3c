// exec(["pg_isready"]): a command inside the service ends with exit code 0.
#pragma once

#include <string>
#include <vector>

#include "runtime/reach/probe_loop.h"

namespace cairn::reach {

struct ExecProbe {
  std::vector<std::string> command;
};

Look exec_look(ExecProbe probe, ProbeTarget& target);

}  // namespace cairn::reach
