// Which way each clone and snapshot will be made, as far as the file and this machine can tell: no engine and
// no array is asked, and nothing is written.
#pragma once

#include <string>
#include <vector>

#include "interpreter/graph.h"

namespace cairn::kinds {

struct PlannedCopy {
  NodeId node = no_node;
  std::string method;  // "array", "reflink", "snapshot", "copy", or several: "reflink or copy"
  std::string why;
};

// Of every clone and snapshot, in the order of the graph.
std::vector<PlannedCopy> planned_copies(const Graph& graph);

}  // namespace cairn::kinds
