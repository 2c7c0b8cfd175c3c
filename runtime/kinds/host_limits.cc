#include "runtime/kinds/host_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "runtime/keeper/cgroups.h"
#include "runtime/kinds/addresses.h"

namespace cairn::kinds {

std::vector<plan::Refusal> limits_refused(const Graph& graph, const plan::Plan& plan) {
  std::vector<plan::Refusal> refused;
  std::optional<keeper::Cgroups> groups;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const NodeId id{static_cast<std::uint32_t>(n)};
    const Node& node = graph.nodes[n];
    if ((node.kind != "service" && node.kind != "run") || in_container(graph, id)) continue;
    keeper::ProcessLimits limits;
    if (!node.value("memory").null()) limits.memory_bytes = 1;
    if (!node.value("pids_limit").null()) limits.processes = 1;
    const bool cpus = !node.value("cpus").null();
    if (!limits.any() && !cpus) continue;
    const bool performed = std::any_of(node.steps.begin(), node.steps.end(), [&](StepId step) {
      return plan.steps[index(step)].verdict == plan::Verdict::perform;
    });
    if (!performed) continue;
    if (cpus)
      refused.push_back({id, fmt::format("`cpus` of `{}` cannot be enforced on a host process", node.path),
                         "give it an `image`, or leave the limit out", false});
    if (!groups) groups = keeper::Cgroups::find();
    const std::string why = groups->missing(limits);
    if (why.empty()) continue;
    refused.push_back(
        {id,
         fmt::format("`{}` of `{}` cannot be enforced on this machine: {}",
                     limits.memory_bytes ? "memory" : "pids_limit", node.path, why),
         "start cairn with `systemd-run --user --scope -p Delegate=yes cairn …`, or leave the limit out",
         false});
  }
  return refused;
}

}  // namespace cairn::kinds
