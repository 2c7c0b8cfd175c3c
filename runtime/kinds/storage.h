// Which volumes lie on an engine and which are folders of this machine.
#pragma once

#include <vector>

#include "interpreter/graph.h"

namespace cairn::kinds {

// By node: true for a volume, snapshot or clone that lies on an engine. It does if a container mounts it, or
// anything that is copied from it or that it is copied from; or if its settings name an engine's object. All
// others are folders here.
std::vector<bool> stored_on_engine(const Graph& graph);

}  // namespace cairn::kinds
