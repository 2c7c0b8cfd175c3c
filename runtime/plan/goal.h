// What somebody wants.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "interpreter/graph.h"

namespace cairn::plan {

struct RunGoal {
  std::vector<NodeId> stages{};  // or any nodes
  std::vector<NodeId>
      only{};  // these, with the services and things they need; earlier steps are not repeated
  std::vector<NodeId> from{};  // these and what comes after them; likewise
  std::vector<NodeId> skip{};  // taken as done
  std::vector<std::string> profiles{};
  bool keep = false;  // nothing is removed
};
struct UpGoal {
  std::vector<NodeId> services{};  // none: every service
  std::vector<std::string> profiles{};
};
// A run that was interrupted, on with the rest of it.
struct ResumeGoal {
  RunGoal run;
  std::string id{};                   // of the run
  // Steps by name of which nobody knows whether they were done: these may be repeated, those are.
  std::vector<std::string> repeat{}, done{};
};
using Goal = std::variant<RunGoal, UpGoal, ResumeGoal>;

// These want an empty graph: see removal.h.
struct DownGoal {
  bool volumes = false;
};
struct CleanGoal {
  std::vector<std::string> runs{};  // what these made; whoever asks has made sure that they are dead
};

}  // namespace cairn::plan
