// log("ready to accept"): a line of the service's output since its last start matches.
#pragma once

#include <string>

#include "runtime/reach/probe_loop.h"

namespace cairn::reach {

struct LogProbe {
  std::string pattern;  // a regular expression (RE2's syntax), searched for in each line
};

// The pattern's own mistakes are found by the checker; one that slips through fails here.
Result<Look> log_look(LogProbe probe, ProbeTarget& target);

}  // namespace cairn::reach
