#include "runtime/kinds/storage.h"

#include <functional>
#include <numeric>

namespace cairn::kinds {
namespace {

bool names_engine_object(const Node& node) {
  if (node.kind == "snapshot" || node.kind == "clone")
    return !node.value("on").null();  // of a driver's volume
  if (node.kind != "volume") return false;
  const std::string* driver = node.value("driver").as<std::string>();
  return (driver != nullptr && *driver != "local") || node.policy.external || !node.value("name").null() ||
         !node.value("engine").null();
}

void nodes_in(const Value& value, const std::function<void(NodeId)>& found) {
  if (const NodeRef* node = value.as<NodeRef>()) found(node->node);
  if (const Made* made = value.as<Made>())
    for (const auto& [name, argument] : made->arguments.entries) nodes_in(argument, found);
  if (const Map* map = value.as<Map>())
    for (const auto& [key, item] : map->entries) nodes_in(item, found);
}

}  // namespace

std::vector<bool> stored_on_engine(const Graph& graph) {
  // Sets of volumes that are copied from each other share their place.
  std::vector<std::size_t> set_of(graph.nodes.size());
  std::iota(set_of.begin(), set_of.end(), std::size_t{0});
  const std::function<std::size_t(std::size_t)> root = [&](std::size_t at) {
    while (set_of[at] != at) at = set_of[at] = set_of[set_of[at]];
    return at;
  };
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    for (const char* name : {"from", "of", "onto"})
      if (const NodeRef* other = graph.nodes[n].value(name).as<NodeRef>();
          other != nullptr && graph.nodes[n].kind != "image")
        set_of[root(n)] = root(index(other->node));

  std::vector<bool> engine(graph.nodes.size(), false);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (names_engine_object(node)) engine[root(n)] = true;
    if (node.setting("mounts") != nullptr && !node.value("image").null())
      nodes_in(node.value("mounts"), [&](NodeId volume) { engine[root(index(volume))] = true; });
  }
  std::vector<bool> by_node(graph.nodes.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) by_node[n] = engine[root(n)];
  return by_node;
}

}  // namespace cairn::kinds
