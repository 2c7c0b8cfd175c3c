#include "runtime/kinds/refused_on_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "runtime/keeper/cgroups.h"
#include "runtime/kinds/addresses.h"
#include "runtime/kinds/value_hash.h"

namespace cairn::kinds {
namespace {

// The first setting that is given and that only a container can have; empty when there is none.
std::string only_for_containers(const std::vector<Setting>& settings) {
  static const std::set<std::string_view> names = {"mounts",
                                                   "tmpfs",
                                                   "deploy",
                                                   "cap_add",
                                                   "cap_drop",
                                                   "devices",
                                                   "networks",
                                                   "aliases",
                                                   "read_only",
                                                   "volumes_from",
                                                   "privileged",
                                                   "cpus",
                                                   "user",
                                                   "ports",
                                                   "hostname",
                                                   "labels",
                                                   "network_mode",
                                                   "init",
                                                   "restart",
                                                   "healthcheck",
                                                   "security_opt",
                                                   "ulimits",
                                                   "sysctls",
                                                   "shm_size",
                                                   "dns",
                                                   "extra_hosts",
                                                   "group_add",
                                                   "platform",
                                                   "cpuset",
                                                   "pull_policy",
                                                   "logging",
                                                   "gpus",
                                                   "pid",
                                                   "ipc",
                                                   "use_api_socket",
                                                   "post_start",
                                                   "pre_stop",
                                                   "tty",
                                                   "stdin_open",
                                                   "replicas",
                                                   "memory_reservation"};
  for (const Setting& setting : settings) {
    const bool* flag = setting.value.as<bool>();
    const bool says_nothing = setting.value.null() || is_empty(setting.value) || (flag != nullptr && !*flag);
    if (setting.written && !says_nothing && names.contains(setting.name)) return setting.name;
  }
  return {};
}

std::string what_to_do_instead(const std::string& setting) {
  if (setting == "mounts") return "a host step reads the folder of a volume as `name.path`";
  if (setting == "ports") return "it opens its ports itself; `expose` names those that are waited for";
  if (setting == "labels" || setting == "hostname") return "leave it out, or give the block an `image`";
  return "give it an `image`, or leave the setting out";
}

std::optional<plan::Refusal> limit_refused(const Graph& graph, NodeId id,
                                           std::optional<keeper::Cgroups>& groups) {
  const Node& node = graph.node(id);
  keeper::ProcessLimits limits;
  if (!node.value("memory").null()) limits.memory_bytes = 1;
  if (!node.value("pids_limit").null()) limits.processes = 1;
  if (!limits.any()) return std::nullopt;
  if (!groups) groups = keeper::Cgroups::find();
  const std::string why = groups->missing(limits);
  if (why.empty()) return std::nullopt;
  return plan::Refusal{
      id,
      fmt::format("`{}` of `{}` cannot be enforced on this machine: {}",
                  limits.memory_bytes ? "memory" : "pids_limit", node.path, why),
      "start cairn with `systemd-run --user --scope -p Delegate=yes cairn …`, or leave the limit out", false};
}

}  // namespace

std::vector<plan::Refusal> refused_on_host(const Graph& graph, const plan::Plan& plan) {
  std::vector<plan::Refusal> refused;
  std::optional<keeper::Cgroups> groups;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const NodeId id{static_cast<std::uint32_t>(n)};
    const Node& node = graph.nodes[n];
    if ((node.kind != "service" && node.kind != "run") || in_container(graph, id) ||
        service_around(graph, id) != no_node)
      continue;
    const bool performed = std::any_of(node.steps.begin(), node.steps.end(), [&](StepId step) {
      return plan.steps[index(step)].verdict == plan::Verdict::perform;
    });
    if (!performed) continue;
    if (const std::string setting = only_for_containers(node.settings); !setting.empty())
      refused.push_back(
          {id,
           fmt::format("`{}` of `{}` needs a container, and it runs on this machine itself (`in "
                       "= \"host\"`)",
                       setting, node.path),
           what_to_do_instead(setting), false});
    if (std::optional<plan::Refusal> limit = limit_refused(graph, id, groups))
      refused.push_back(std::move(*limit));
  }
  return refused;
}

}  // namespace cairn::kinds
