#include "interpreter/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "interpreter/graph_algorithms.h"

namespace cairn {
namespace {

class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph), steps_(steps_of(graph)) {}

  std::vector<std::string> verify() {
    acyclic();
    if (!violations_.empty())
      return std::move(violations_);  // the rest would search for ever or mean nothing
    finalisers();
    holds();
    edges();
    order();
    indexes();
    tree();
    return std::move(violations_);
  }

 private:
  template <class... Arguments>
  void broken(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    violations_.push_back(fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  void acyclic() {
    const auto cycle = find_cycle(steps_);
    if (!cycle) return;
    std::string path;
    for (const Vertex step : *cycle) path += graph_.name(StepId{step}) + " → ";
    broken("G1 cycle: {}{}", path, graph_.name(StepId{cycle->front()}));
  }

  void finalisers() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      const NodeId id{static_cast<std::uint32_t>(i)};
      for (const auto& [made, undone] : {std::pair{Phase::make, Phase::unmake},
                                         {Phase::create, Phase::remove},
                                         {Phase::start, Phase::stop}}) {
        const auto has = [&](Phase phase) {
          return std::count_if(node.steps.begin(), node.steps.end(),
                               [&](StepId step) { return graph_.steps[index(step)].phase == phase; });
        };
        if (has(made) != 0 && has(undone) != 1)
          broken("G2 `{}` has {} {} for its {}", node.path, has(undone), name_of(undone), name_of(made));
      }
      for (const StepId step : node.steps)
        if (graph_.steps[index(step)].node != id) broken("G10 step {} belongs to two nodes", index(step));
    }
    for (const Edge& edge : graph_.edges)
      if (is_finaliser(graph_.steps[index(edge.to)].phase) && edge.kind == EdgeKind::needs)
        broken("G2 finaliser {} needs {}", graph_.name(edge.to), graph_.name(edge.from));
  }

  void holds() {
    Reach reach(steps_);
    for (const Hold& hold : graph_.holds) {
      const StepId ready = graph_.step(hold.service, Phase::ready);
      const StepId stop = graph_.step(hold.service, Phase::stop);
      const bool own = graph_.steps[index(hold.user)].node == hold.service;
      if (!own && !reach.leads(static_cast<Vertex>(ready), static_cast<Vertex>(hold.user)))
        broken("G3 {} holds `{}` without waiting for it", graph_.name(hold.user),
               graph_.node(hold.service).path);
      if (!reach.leads(static_cast<Vertex>(hold.user), static_cast<Vertex>(stop)))
        broken("G3 {} holds `{}`, which can stop before it", graph_.name(hold.user),
               graph_.node(hold.service).path);
      const NodeId user = graph_.steps[index(hold.user)].node;
      const StepId user_stop = graph_.step(user, Phase::stop);
      if (!own && user_stop != no_step &&
          !reach.leads(static_cast<Vertex>(user_stop), static_cast<Vertex>(stop)))
        broken("G4 `{}` uses `{}`, which can stop before it", graph_.node(user).path,
               graph_.node(hold.service).path);
    }
  }

  void edges() {
    for (const Edge& edge : graph_.edges) {
      if (edge.from == no_step || edge.to == no_step || index(edge.from) >= graph_.steps.size() ||
          index(edge.to) >= graph_.steps.size())
        broken("G7 an edge leads nowhere");
      if (!edge.span.known()) broken("G7 {} → {} has no place", graph_.name(edge.from), graph_.name(edge.to));
      if (edge.because.empty())
        broken("G7 {} → {} has no reason", graph_.name(edge.from), graph_.name(edge.to));
    }
  }

  void order() {
    std::vector<std::size_t> place(graph_.steps.size(), graph_.steps.size());
    for (std::size_t i = 0; i < graph_.order.size(); ++i) {
      if (place[index(graph_.order[i])] != graph_.steps.size())
        broken("G8 {} is twice in the order", graph_.name(graph_.order[i]));
      place[index(graph_.order[i])] = i;
    }
    if (graph_.order.size() != graph_.steps.size())
      broken("G8 the order has {} of {} steps", graph_.order.size(), graph_.steps.size());
    for (const Edge& edge : graph_.edges)
      if (place[index(edge.from)] >= place[index(edge.to)])
        broken("G8 {} is before {} in the order", graph_.name(edge.to), graph_.name(edge.from));
  }

  void indexes() {
    std::size_t from = 0, to = 0;
    for (std::size_t step = 0; step < graph_.steps.size(); ++step) {
      for (const std::uint32_t edge : graph_.edges_from[step])
        from += index(graph_.edges[edge].from) == step ? 1 : 0;
      for (const std::uint32_t edge : graph_.edges_to[step])
        to += index(graph_.edges[edge].to) == step ? 1 : 0;
    }
    if (from != graph_.edges.size() || to != graph_.edges.size())
      broken("G9 the indexes know {} and {} of {} edges", from, to, graph_.edges.size());
  }

  void tree() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      const NodeId id{static_cast<std::uint32_t>(i)};
      const auto found = graph_.by_path.find(node.path);
      if (found == graph_.by_path.end() || found->second != id)
        broken("G10 the path `{}` leads elsewhere", node.path);
      for (const NodeId member : node.members)
        if (graph_.node(member).parent != id)
          broken("G10 `{}` is a member of `{}`, which is not its parent", graph_.node(member).path,
                 node.path);
    }
  }

  const Graph& graph_;
  const Digraph steps_;
  std::vector<std::string> violations_;
};

}  // namespace

std::vector<std::string> verify(const Graph& graph) {
  return Verifier(graph).verify();
}

}  // namespace cairn
