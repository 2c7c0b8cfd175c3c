// Endpoints (a database, an engine, a registry) have no steps: who uses one depends on what it depends on.
#include <unordered_set>

#include "interpreter/lower/dependency.h"

namespace cairn {
namespace {

void append(const Draft& draft, NodeId endpoint, const Dependency& from, std::vector<Dependency>& found,
            std::unordered_set<std::uint32_t>& seen) {
  if (!seen.insert(static_cast<std::uint32_t>(endpoint)).second) return;
  for (const Dependency& behind : draft.of[index(endpoint)].dependencies) {
    if (behind.own) continue;
    if (draft.graph.node(behind.on).node_class == NodeClass::endpoint) {
      append(draft, behind.on, from, found, seen);
      continue;
    }
    Dependency through = from;
    through.on = behind.on;
    through.exported = behind.exported;
    found.push_back(std::move(through));
  }
}

}  // namespace

void pass_through_endpoints(Draft& draft) {
  for (std::size_t i = 0; i < draft.of.size(); ++i) {
    if (draft.graph.nodes[i].node_class == NodeClass::endpoint) continue;
    std::vector<Dependency> found;
    bool changed = false;
    std::unordered_set<std::uint32_t> seen;
    for (const Dependency& dependency : draft.of[i].dependencies) {
      if (draft.graph.node(dependency.on).node_class != NodeClass::endpoint) {
        found.push_back(dependency);
        continue;
      }
      changed = true;
      seen.clear();
      append(draft, dependency.on, dependency, found, seen);
    }
    if (changed) draft.of[i].dependencies = std::move(found);
  }
}

}  // namespace cairn
