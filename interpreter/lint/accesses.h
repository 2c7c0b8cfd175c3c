// What each node touches outside of itself: volumes, host paths, host ports, names, tags, databases.
#pragma once

#include <string>
#include <vector>

#include "interpreter/graph.h"

namespace cairn::lint {

enum class ResourceForm { volume, host_path, host_port, object_name, image_tag, database };

struct Access {
  ResourceForm form = ResourceForm::volume;
  std::string resource;  // what it is: a node's path, "/srv/data", "8080", "acme/app:1.0"
  NodeId node = no_node;
  StepId begins = no_step;  // the first step that touches it
  StepId ends = no_step;    // and the last
  bool writes = true;
  Span span;                // where the file says so
};

// All accesses, in the order of the nodes.
std::vector<Access> accesses(const Graph& graph);

std::string_view name_of(ResourceForm form);  // "volume", "host path", …

}  // namespace cairn::lint
