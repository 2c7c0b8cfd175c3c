// How a step ended: a closed set, each with what there is to know about why.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "interpreter/graph.h"

namespace cairn::plan {

// A failure as far as the plan needs to know it.
struct Trouble {
  std::string message;                // "`unit` exited 3"
  std::vector<std::string> causes{};  // outermost first
  std::string help{};                 // what to do next; may be empty
  bool endpoint = false;              // an engine, array, registry, host or database is at fault: exit code 3
};

struct Succeeded {};
struct Kept {
  std::string reason;
};
struct Failed {
  Trouble trouble;
};
struct TimedOut {
  Trouble trouble;
};
struct Broken {  // a service that it used, or that it is part of, died
  NodeId service = no_node;
  Trouble trouble;
};
struct Cancelled {
  std::string reason;
};
// Never started, because of `root`: a step that is itself not Skipped. Where a service died before this could
// start, the root is that service's `ready`.
struct Skipped {
  StepId root = no_step;
  std::string reason;
};
struct NotNeeded {
  std::string reason;
  bool by_plan = false;  // the goal does not want it; what comes after it does not wait for it
};
// It did not end within grace after it was asked to; what it still does is not watched.
struct Abandoned {
  Trouble trouble;
};

using Outcome =
    std::variant<Succeeded, Kept, Failed, TimedOut, Broken, Cancelled, Skipped, NotNeeded, Abandoned>;

std::string_view name_of(const Outcome& outcome);   // "timed_out", as `.outcome` reads it
bool is_good(const Outcome& outcome);               // Succeeded or Kept
const Trouble* trouble_of(const Outcome& outcome);  // of Failed, TimedOut, Broken and Abandoned; else null
std::string reason_of(const Outcome& outcome);      // for people; empty for a plain success

}  // namespace cairn::plan
