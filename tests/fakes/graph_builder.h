// Small graphs by hand, wired as lowering wires them, for tests of what comes after the front end.
#pragma once

#include <algorithm>
#include <cassert>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "interpreter/graph.h"

namespace cairn {

class GraphBuilder {
 public:
  NodeId stage(const std::string& path, When when = When::success) {
    Node node = made(path, "stage", NodeClass::group, no_node);
    node.policy.when = when;
    const NodeId id = add(std::move(node), {Phase::begin, Phase::end});
    edge(step(id, Phase::begin), step(id, Phase::end), EdgeKind::needs, EdgeReason::phase);
    return id;
  }
  NodeId service(const std::string& path, NodeId group = no_node) {
    const NodeId id = add(made(path, "service", NodeClass::service, group),
                          {Phase::create, Phase::start, Phase::ready, Phase::stop, Phase::remove});
    edge(step(id, Phase::create), step(id, Phase::start), EdgeKind::needs, EdgeReason::phase);
    edge(step(id, Phase::start), step(id, Phase::ready), EdgeKind::needs, EdgeReason::phase);
    edge(step(id, Phase::ready), step(id, Phase::stop), EdgeKind::follows, EdgeReason::phase);
    edge(step(id, Phase::stop), step(id, Phase::remove), EdgeKind::follows, EdgeReason::phase);
    join(id, Phase::create, Phase::ready);
    return id;
  }
  NodeId task(const std::string& path, NodeId group = no_node, When when = When::success) {
    Node node = made(path, "run", NodeClass::task, group);
    node.policy.when = when;
    const NodeId id = add(std::move(node), {Phase::run, Phase::collect, Phase::unmake});
    edge(step(id, Phase::run), step(id, Phase::collect), EdgeKind::follows, EdgeReason::phase);
    edge(step(id, Phase::collect), step(id, Phase::unmake), EdgeKind::follows, EdgeReason::phase);
    join(id, Phase::run, Phase::run);
    return id;
  }
  NodeId thing(const std::string& path, NodeId group = no_node, const std::string& kind = "volume") {
    const NodeId id = add(made(path, kind, NodeClass::thing, group), {Phase::make, Phase::unmake});
    edge(step(id, Phase::make), step(id, Phase::unmake), EdgeKind::follows, EdgeReason::phase);
    join(id, Phase::make, Phase::make);
    return id;
  }
  NodeId pool(const std::string& path, std::int64_t size) {
    Node node = made(path, "pool", NodeClass::endpoint, no_node);
    node.settings.push_back({.name = "size", .value = Value{.is = size}, .span = {}, .written = true});
    return add(std::move(node), {});
  }

  // `user` reads an export of `used`, which lives until `user` has ended.
  void uses(NodeId user, NodeId used, bool data = true) {
    const StepId first = first_of(user);
    edge(main_of(used), first, kind_for(user), EdgeReason::reference,
         data && node(user).policy.when == When::success);
    lives_for(user, used);
    if (node(used).node_class == NodeClass::service) graph_.holds.push_back({first, used, {}});
  }
  void after(NodeId later, NodeId earlier) {
    edge(main_of(earlier), first_of(later), kind_for(later), EdgeReason::after);
    if (node(earlier).node_class == NodeClass::service) {
      lives_for(later, earlier);
      graph_.holds.push_back({first_of(later), earlier, {}});
    }
  }
  void edge(StepId from, StepId to, EdgeKind kind, EdgeReason reason, bool data = false) {
    graph_.edges.push_back(
        {.from = from, .to = to, .kind = kind, .reason = reason, .data = data, .span = {}, .because = {}});
  }

  Node& node(NodeId id) { return graph_.nodes[index(id)]; }
  StepId step(NodeId id, Phase phase) const { return graph_.step(id, phase); }
  // The step whose success the others wait for: make, ready, run or end.
  StepId main_of(NodeId id) const {
    switch (graph_.node(id).node_class) {
      case NodeClass::thing:
        return step(id, Phase::make);
      case NodeClass::service:
        return step(id, Phase::ready);
      case NodeClass::task:
        return step(id, Phase::run);
      case NodeClass::group:
        return step(id, Phase::end);
      case NodeClass::endpoint:
        return no_step;
    }
    return no_step;
  }
  StepId first_of(NodeId id) const { return graph_.node(id).steps.front(); }

  Graph build() {
    graph_.edges_to.assign(graph_.steps.size(), {});
    graph_.edges_from.assign(graph_.steps.size(), {});
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) {
      graph_.edges_to[index(graph_.edges[i].to)].push_back(static_cast<std::uint32_t>(i));
      graph_.edges_from[index(graph_.edges[i].from)].push_back(static_cast<std::uint32_t>(i));
    }
    std::vector<std::size_t> left(graph_.steps.size());
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> open;
    for (std::size_t i = 0; i < left.size(); ++i) {
      left[i] = graph_.edges_to[i].size();
      if (left[i] == 0) open.push(static_cast<std::uint32_t>(i));
    }
    graph_.order.clear();
    while (!open.empty()) {
      const std::uint32_t next = open.top();
      open.pop();
      graph_.order.push_back(StepId{next});
      for (const std::uint32_t edge : graph_.edges_from[next])
        if (--left[index(graph_.edges[edge].to)] == 0)
          open.push(static_cast<std::uint32_t>(graph_.edges[edge].to));
    }
    assert(graph_.order.size() == graph_.steps.size());  // else it has a cycle
    return graph_;
  }

 private:
  static Node made(const std::string& path, const std::string& kind, NodeClass node_class, NodeId group) {
    Node node;
    node.path = path;
    node.kind = kind;
    node.node_class = node_class;
    node.parent = group;
    return node;
  }
  NodeId add(Node node, std::initializer_list<Phase> phases) {
    const NodeId id{static_cast<std::uint32_t>(graph_.nodes.size())};
    const std::uint32_t place = static_cast<std::uint32_t>(id);
    node.span = {0, place * 10, place * 10 + 9};
    for (const Phase phase : phases) {
      node.steps.push_back(StepId{static_cast<std::uint32_t>(graph_.steps.size())});
      graph_.steps.push_back({id, phase});
    }
    for (NodeId at = node.parent; at != no_node; at = graph_.node(at).parent)
      if (graph_.node(at).kind == "stage") node.stage = at;
    graph_.by_path[node.path] = id;
    graph_.nodes.push_back(std::move(node));
    return id;
  }
  void join(NodeId id, Phase first, Phase last) {
    const NodeId group = node(id).parent;
    if (group == no_node) return;
    node(group).members.push_back(id);
    edge(step(group, Phase::begin), step(id, first), EdgeKind::needs, EdgeReason::stage);
    edge(step(id, last), step(group, Phase::end), EdgeKind::needs, EdgeReason::stage);
  }
  EdgeKind kind_for(NodeId dependant) {
    return node(dependant).policy.when == When::success ? EdgeKind::needs : EdgeKind::follows;
  }
  // The finaliser that ends `used` follows the last thing `user` does with it.
  void lives_for(NodeId user, NodeId used) {
    const NodeClass of = node(used).node_class;
    if (of != NodeClass::service && of != NodeClass::thing) return;
    const StepId undone = step(used, of == NodeClass::service ? Phase::stop : Phase::unmake);
    StepId last = main_of(user);
    if (node(user).node_class == NodeClass::service)
      last = step(user, of == NodeClass::thing ? Phase::remove : Phase::stop);
    else if (node(user).node_class == NodeClass::task)
      last = step(user, of == NodeClass::thing ? Phase::unmake : Phase::run);
    else if (node(user).node_class == NodeClass::thing && of == NodeClass::thing)
      last = step(user, Phase::unmake);
    edge(first_of(user), undone, EdgeKind::follows, EdgeReason::lifetime);
    edge(last, undone, EdgeKind::follows, EdgeReason::lifetime);
  }

  Graph graph_;
};

}  // namespace cairn
