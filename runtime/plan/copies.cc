#include "runtime/plan/copies.h"

#include <algorithm>
#include <map>
#include <optional>

namespace cairn::plan {
namespace {

class Copies {
 public:
  Copies(const Graph& graph, const Plan& plan) : graph_(graph), plan_(plan) {}

  std::vector<Refusal> refused() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const NodeId copy{static_cast<std::uint32_t>(i)};
      const std::string& kind = graph_.node(copy).kind;
      if (kind != "clone" && kind != "snapshot") continue;
      if (!happens(graph_.step(copy, Phase::make))) continue;
      look_at_source(copy);
      look_at_target(copy);
    }
    return std::move(refused_);
  }

 private:
  bool happens(StepId step) const {
    const Verdict verdict = plan_.steps[index(step)].verdict;
    return verdict == Verdict::perform || verdict == Verdict::replace;
  }
  bool lives(NodeId service) const {
    return plan_.steps[index(graph_.step(service, Phase::start))].verdict != Verdict::not_needed;
  }

  // Whether a chain of edges leads from one step to the other.
  bool leads(StepId from, StepId to) {
    std::vector<bool>& reached = reached_from_[from];
    if (reached.empty()) {
      reached.resize(graph_.steps.size());
      reached[index(from)] = true;
      std::vector<StepId> open = {from};
      while (!open.empty()) {
        const StepId at = open.back();
        open.pop_back();
        for (const std::uint32_t number : graph_.edges_from[index(at)]) {
          const StepId next = graph_.edges[number].to;
          if (reached[index(next)]) continue;
          reached[index(next)] = true;
          open.push_back(next);
        }
      }
    }
    return reached[index(to)];
  }

  bool writes(NodeId service, NodeId volume) const {
    if (const bool* read_only = graph_.node(volume).value("read_only").as<bool>(); read_only && *read_only)
      return false;
    const Map* mounts = graph_.node(service).value("mounts").as<Map>();
    if (mounts == nullptr) return false;
    return std::any_of(mounts->entries.begin(), mounts->entries.end(), [&](const auto& entry) {
      const Value* at = &entry.second;
      while (const Made* made = at->as<Made>()) {
        if (made->function == "readonly" || made->arguments.entries.empty()) return false;
        at = &made->arguments.entries.front().second;
      }
      const NodeRef* mounted = at->as<NodeRef>();
      return mounted != nullptr && mounted->node == volume;
    });
  }

  // As lowering has it: the thing goes when the service has gone.
  bool uses(NodeId service, NodeId thing) const {
    const std::vector<std::uint32_t>& before = graph_.edges_to[index(graph_.step(thing, Phase::unmake))];
    return std::any_of(before.begin(), before.end(), [&](std::uint32_t number) {
      return graph_.edges[number].from == graph_.step(service, Phase::remove);
    });
  }

  // An array cuts at one instant; what is copied file by file has to be at rest.
  void look_at_source(NodeId copy) {
    const Node& node = graph_.node(copy);
    if (!node.value("on").null()) return;
    const NodeRef* source = node.value(node.kind == "clone" ? "from" : "of").as<NodeRef>();
    if (source == nullptr || graph_.node(source->node).kind == "snapshot") return;
    const StepId make = graph_.step(copy, Phase::make);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const NodeId service{static_cast<std::uint32_t>(i)};
      const Node& writer = graph_.nodes[i];
      if (writer.node_class != NodeClass::service || !lives(service) || !writes(service, source->node))
        continue;
      if (leads(make, graph_.step(service, Phase::start)) || leads(graph_.step(service, Phase::stop), make))
        continue;
      refused_.push_back({copy,
                          "`" + node.path + "` would be copied while `" + writer.path + "` can write to `" +
                              graph_.node(source->node).path + "`",
                          "write `after = [" + writer.network_name + ".stopped]` in `" + node.network_name +
                              "`, or have the service mount `readonly(…)`"});
    }
  }

  // Steps that use a service which lowering has put around the clone (Graph::holds).
  void look_at_target(NodeId copy) {
    const Node& node = graph_.node(copy);
    const NodeRef* onto = node.value("onto").as<NodeRef>();
    if (onto == nullptr) return;
    const StepId make = graph_.step(copy, Phase::make);
    for (const Hold& stopped : graph_.holds) {
      if (stopped.user != make || !uses(stopped.service, onto->node)) continue;
      for (const Hold& use : graph_.holds) {
        const Node& user = graph_.node_of(use.user);
        if (use.service != stopped.service || use.user == make || user.node_class != NodeClass::task)
          continue;
        if (!happens(use.user) || leads(use.user, make) || leads(make, use.user)) continue;
        refused_.push_back({graph_.steps[index(use.user)].node,
                            "`" + user.path + "` uses `" + graph_.node(use.service).path + "`, which `" +
                                node.path + "` stops and starts: nothing says which comes first",
                            "write `after = [" + node.network_name + "]` in `" + user.network_name +
                                "`, or `after = [" + user.network_name + "]` in `" + node.network_name +
                                "`"});
      }
    }
  }

  const Graph& graph_;
  const Plan& plan_;
  std::map<StepId, std::vector<bool>> reached_from_;
  std::vector<Refusal> refused_;
};

}  // namespace

std::vector<Refusal> refused_copies(const Graph& graph, const Plan& plan) {
  return Copies(graph, plan).refused();
}

}  // namespace cairn::plan
