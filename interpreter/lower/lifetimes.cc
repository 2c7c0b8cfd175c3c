// Who keeps whom alive: a use of a service is a hold, and what is used is undone only when its last user has
// ended.
#include <fmt/format.h>

#include <algorithm>

#include "interpreter/lower/dependency.h"

namespace cairn {
namespace {

class Lifetimes {
 public:
  explicit Lifetimes(Draft& draft)
      : draft_(draft),
        graph_(draft.graph),
        edges_(draft.graph),
        used_outside_(draft.graph.nodes.size(), false) {}

  void lower() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const NodeId user{static_cast<std::uint32_t>(i)};
      if (graph_.nodes[i].node_class == NodeClass::endpoint) continue;
      for (const Dependency& dependency : draft_.of[i].dependencies) {
        if (dependency.own || dependency.on == user || is_how_it_ended(dependency.exported) ||
            dependency.exported == "stopped")
          continue;
        if (is_around(user, dependency.on)) continue;
        hold(user, dependency.on, dependency);
      }
    }
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      end_with_stage(NodeId{static_cast<std::uint32_t>(i)});
  }

 private:
  bool is_around(NodeId node, NodeId group) const {
    for (NodeId around = graph_.node(node).parent; around != no_node; around = graph_.node(around).parent)
      if (around == group) return true;
    return false;
  }

  // The outermost group below the stage (an instance) that a node belongs to; the node itself if there is
  // none.
  NodeId whole_of(NodeId node) const {
    NodeId whole = node;
    for (NodeId around = graph_.node(node).parent; around != no_node; around = graph_.node(around).parent) {
      const std::string& kind = graph_.node(around).kind;
      if (kind != "stage" && kind != "for") whole = around;
    }
    return whole;
  }

  void hold(NodeId user, NodeId on, const Dependency& dependency) {
    const Node& target = graph_.node(on);
    if (target.node_class == NodeClass::group) {
      if (target.kind == "stage") return;
      for (const NodeId member : target.members)
        if (member != user && (graph_.node(member).node_class != NodeClass::task))
          hold(user, member, dependency);
      return;
    }
    if (whole_of(on) != whole_of(user)) used_outside_[index(on)] = true;
    const bool keeps = dependency.reason != EdgeReason::after || target.node_class != NodeClass::task;
    if (!keeps) return;
    const StepId undone =
        graph_.step(on, target.node_class == NodeClass::service ? Phase::stop : Phase::unmake);
    const StepId released = release(user, target.node_class);
    if (undone == no_step || released == no_step) return;
    edges_.add({released, undone, EdgeKind::follows, EdgeReason::lifetime, false, dependency.span,
                fmt::format("`{}` is used by `{}`", target.path, graph_.node(user).path)});
    if (target.node_class != NodeClass::service) return;
    const StepId held_by = held_during(user, dependency.setting);
    if (held_by == no_step) return;
    for (std::size_t i = graph_.holds.size(); i > 0 && graph_.holds[i - 1].user == held_by; --i)
      if (graph_.holds[i - 1].service == on) return;
    graph_.holds.push_back({held_by, on, dependency.span});
  }

  // The step of the user after which it needs nothing of that class any more.
  StepId release(NodeId user, NodeClass target) const {
    const Node& node = graph_.node(user);
    switch (node.node_class) {
      case NodeClass::task:
        if (target == NodeClass::thing && graph_.step(user, Phase::unmake) != no_step)
          return graph_.step(user, Phase::unmake);
        if (graph_.step(user, Phase::collect) != no_step) return graph_.step(user, Phase::collect);
        return graph_.step(user, Phase::run);
      case NodeClass::service:
        return graph_.step(user, target == NodeClass::thing ? Phase::remove : Phase::stop);
      case NodeClass::thing:
        return graph_.step(user, target == NodeClass::thing ? Phase::unmake : Phase::make);
      case NodeClass::group:
        return graph_.step(user, Phase::end);
      case NodeClass::endpoint:
        return no_step;
    }
    return no_step;
  }

  StepId held_during(NodeId user, const std::string& setting) const {
    switch (graph_.node(user).node_class) {
      case NodeClass::task:
        return graph_.step(user, Phase::run);
      case NodeClass::service:
        return graph_.step(user, tells_readiness(graph_.node(user), setting) ? Phase::ready : Phase::start);
      case NodeClass::thing:
        return graph_.step(user, Phase::make);
      default:
        return no_step;  // the members of a group have their own holds
    }
  }

  // What nobody outside of its instance uses lives as long as its stage.
  void end_with_stage(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.node_class != NodeClass::service && node.node_class != NodeClass::thing) return;
    if (used_outside_[index(id)] || node.stage == no_node) return;
    const StepId undone =
        graph_.step(id, node.node_class == NodeClass::service ? Phase::stop : Phase::unmake);
    edges_.add({graph_.step(node.stage, Phase::end), undone, EdgeKind::follows, EdgeReason::lifetime, false,
                node.span, fmt::format("lives until stage `{}` has ended", graph_.node(node.stage).path)});
  }

  Draft& draft_;
  Graph& graph_;
  Edges edges_;
  std::vector<bool> used_outside_;
};

}  // namespace

void lower_lifetimes(Draft& draft) {
  Lifetimes(draft).lower();
}

}  // namespace cairn
