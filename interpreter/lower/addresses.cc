// Who reaches whom, as far as it decides what is made: further networks, and ports that have to be published.
#include <algorithm>
#include <unordered_set>

#include "interpreter/lower/dependency.h"

namespace cairn {
namespace {

bool is_container(const Node& node) {
  if (node.node_class != NodeClass::service && node.kind != "run") return false;
  return !node.value("image").null();
}

// Turns of a `for` whose only containers are `run`s that ask for no name: they have nothing to reach each
// other by, so that they need no network of their own, and an engine takes a sixth of a second to make and
// remove one. They are on the network around the loop, where nobody knows them by name.
void share_networks(Graph& graph) {
  std::unordered_set<std::string> reached;  // scopes
  for (const Node& node : graph.nodes) {
    const Setting* aliases = node.setting("aliases");
    const bool named = node.node_class == NodeClass::service || (aliases != nullptr && aliases->written);
    if (is_container(node) && named) reached.insert(node.scope);
  }
  for (Node& node : graph.nodes) {
    if (node.kind != "run" || !is_container(node)) continue;
    for (NodeId group = node.parent; group != no_node; group = graph.node(group).parent) {
      const Node& loop = graph.node(group);
      const bool in_its_turn = loop.kind == "for" && node.scope.ends_with(']');
      if (!in_its_turn || reached.contains(node.scope)) break;
      node.scope = loop.scope;
      node.nameless = true;
    }
  }
}

// The service that a `run` is executed in.
NodeId place_of(const Graph& graph, NodeId id) {
  const NodeRef* in = graph.node(id).value("in").as<NodeRef>();
  return in != nullptr && graph.node(in->node).node_class == NodeClass::service ? in->node : no_node;
}

class Addresses {
 public:
  Addresses(const Evaluator& evaluator, Draft& draft)
      : evaluator_(evaluator), graph_(draft.graph), draft_(draft) {}

  void lower(NodeId reader) {
    const Node& node = graph_.node(reader);
    if (node.node_class == NodeClass::group || node.node_class == NodeClass::endpoint) return;
    NodeId container = is_container(node) ? reader : place_of(graph_, reader);
    if (container != no_node && !is_container(graph_.node(container))) container = no_node;
    for (const Read& read : draft_.of[index(reader)].addresses)
      reach(container, read.node, read.exported, read.ports);
    for (const Dependency& dependency : draft_.of[index(reader)].dependencies) {
      if (dependency.exported.empty() && !dependency.own) reach(container, dependency.on, {}, {});
    }
    // What cairn itself does with a database goes to the port of its service.
    for (const Setting& setting : node.settings)
      if (const NodeRef* used = setting.value.as<NodeRef>();
          used != nullptr && container == no_node && graph_.node(used->node).kind == "database")
        publish_database(used->node);
  }

 private:
  void reach(NodeId container, NodeId of, const std::string& exported,
             const std::vector<std::int64_t>& ports) {
    NodeId service = of;
    while (evaluator_.state(service).stands_for != no_node) service = evaluator_.state(service).stands_for;
    Node& reached = graph_.nodes[index(service)];
    if (reached.node_class != NodeClass::service || !is_container(reached)) return;
    if (container != no_node) {
      if (service == container) return;
      Node& reader = graph_.nodes[index(container)];
      if (reached.scope != reader.scope && std::find(reader.join_scopes.begin(), reader.join_scopes.end(),
                                                     reached.scope) == reader.join_scopes.end())
        reader.join_scopes.push_back(reached.scope);
      return;
    }
    if (exported == "port" || exported == "url")
      for (const std::int64_t port : ports) publish(reached, port);
  }

  static void publish(Node& service, std::int64_t port) {
    if (port < 1 || port > 65535) return;
    if (std::find(service.publish.begin(), service.publish.end(), port) == service.publish.end())
      service.publish.push_back(port);
  }

  void publish_database(NodeId database) {
    const Node& endpoint = graph_.node(database);
    const NodeRef* behind = endpoint.value("service").as<NodeRef>();
    if (behind == nullptr) return;
    NodeId service = behind->node;
    while (evaluator_.state(service).stands_for != no_node) service = evaluator_.state(service).stands_for;
    Node& reached = graph_.nodes[index(service)];
    if (!is_container(reached)) return;
    if (const std::int64_t* port = endpoint.value("port").as<std::int64_t>()) return publish(reached, *port);
    const std::string* driver = endpoint.value("driver").as<std::string>();
    if (driver == nullptr) return;
    if (*driver == "postgres")
      publish(reached, 5432);
    else if (*driver == "sqlserver")
      publish(reached, 1433);
    else if (*driver == "mariadb" || *driver == "mysql")
      publish(reached, 3306);
  }

  const Evaluator& evaluator_;
  Graph& graph_;
  Draft& draft_;
};

}  // namespace

void lower_addresses(const Evaluator& evaluator, Draft& draft) {
  share_networks(draft.graph);
  Addresses addresses(evaluator, draft);
  for (std::size_t i = 0; i < draft.graph.nodes.size(); ++i)
    addresses.lower(NodeId{static_cast<std::uint32_t>(i)});
  for (Node& node : draft.graph.nodes) std::sort(node.publish.begin(), node.publish.end());
}

}  // namespace cairn
