// Two nodes that claim the same host port or name, of which the file orders one after the other: the second
// waits until the first is gone (rule 41). Where nothing orders them, lint says so.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "interpreter/graph_algorithms.h"
#include "interpreter/lower/dependency.h"

namespace cairn {
namespace {

// The host's side of Compose's short form: "8080:80", "127.0.0.1:8080:80/tcp". Empty when it is not fixed.
std::string host_port(const std::string& mapping) {
  const std::size_t inside = mapping.rfind(':');
  if (inside == std::string::npos) return {};
  const std::string outside = mapping.substr(0, inside);
  const std::size_t address = outside.rfind(':');
  std::string port = address == std::string::npos ? outside : outside.substr(address + 1);
  if (port.empty() || port.find('-') != std::string::npos) return {};
  return mapping.ends_with("/udp") ? port + "/udp" : port;
}

std::vector<std::string> claims_of(const Node& node) {
  std::vector<std::string> claims;
  if (const List* ports = node.value("ports").as<List>())
    for (const Value& port : *ports)
      if (const std::string* text = port.as<std::string>())
        if (std::string outside = host_port(*text); !outside.empty())
          claims.push_back("host port " + outside);
  if (node.policy.external) return claims;
  for (const std::string_view setting : {"name", "container_name"})
    if (const std::string* name = node.value(setting).as<std::string>();
        name != nullptr && (node.node_class == NodeClass::thing || node.node_class == NodeClass::service))
      claims.push_back(fmt::format("the {} name `{}`",
                                   node.node_class == NodeClass::service ? "container" : node.kind, *name));
  return claims;
}

}  // namespace

void lower_claims(Draft& draft) {
  Graph& graph = draft.graph;
  std::map<std::string, std::vector<NodeId>> by_claim;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (std::string& claim : claims_of(graph.nodes[i]))
      by_claim[std::move(claim)].push_back(NodeId{static_cast<std::uint32_t>(i)});
  std::erase_if(by_claim, [](const auto& entry) { return entry.second.size() < 2; });
  if (by_claim.empty()) return;
  const Digraph steps = steps_of(graph);
  if (find_cycle(steps)) return;  // reported by what comes next
  std::vector<std::uint32_t> place(graph.steps.size());
  const std::vector<Vertex> order = topological_order(steps);
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = static_cast<std::uint32_t>(i);
  Reach reach(steps);
  Edges edges(graph);
  for (auto& [claim, nodes] : by_claim) {
    std::stable_sort(nodes.begin(), nodes.end(), [&](NodeId a, NodeId b) {
      return place[index(first_step(graph, a))] < place[index(first_step(graph, b))];
    });
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      const Node& before = graph.node(nodes[i - 1]);
      const StepId gone =
          graph.step(nodes[i - 1], before.node_class == NodeClass::service ? Phase::remove : Phase::unmake);
      const StepId begins = first_step(graph, nodes[i]);
      if (gone == no_step ||
          !reach.leads(static_cast<Vertex>(done_step(graph, nodes[i - 1])), static_cast<Vertex>(begins)))
        continue;
      if (reach.leads(static_cast<Vertex>(begins), static_cast<Vertex>(gone)))
        continue;  // they have to live together
      edges.add({gone, begins, EdgeKind::follows, EdgeReason::claim, false, graph.node(nodes[i]).span,
                 fmt::format("both claim {}", claim)});
    }
  }
}

}  // namespace cairn
