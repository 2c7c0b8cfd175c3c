#include "runtime/kinds/stop_services.h"

#include <fmt/format.h>

#include "runtime/kinds/container/hooks.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/host_workload.h"
#include "runtime/kinds/kept_services.h"
#include "runtime/platform/docker/containers.h"

namespace cairn::kinds {

Result<Done> stop_services(World& world, const plan::Facts& facts, const std::vector<NodeId>& services,
                           const std::function<void(const Failure&)>& told) {
  for (const NodeId service : services) {
    const Node& node = world.graph.node(service);
    const auto fact = facts.of_node.find(node.path);
    const plan::Ours* there =
        fact == facts.of_node.end() ? nullptr : std::get_if<plan::Ours>(&fact->second.found);
    if (there == nullptr) continue;
    const Duration* grace = node.value("stop_grace_period").as<Duration>();
    const Nanoseconds patience = Milliseconds(grace == nullptr ? 10'000 : grace->milliseconds);
    const std::string* signal = node.value("stop_signal").as<std::string>();
    if (!in_container(world.graph, service)) {
      if (Result<Done> ended = end_earlier(
              world.place, node.path, signal_named(signal == nullptr ? std::nullopt : std::optional(*signal)),
              patience, world.clock, {});
          !ended)
        return std::move(ended.failure()).within(fmt::format("cannot stop `{}`", node.path));
      continue;
    }
    Result<docker::Engine*> engine = world.containers->engine_of(service);
    if (!engine) return engine.failure();
    if (const auto seen = world.seen_containers.find(there->id); seen != nullptr && seen->status == "running")
      if (Result<Done> drained = run_pre_stop_of(**engine, seen->id, seen->labels, {}); !drained)
        told(drained.failure());
    if (Result<Done> ended = docker::stop_as_made(**engine, there->id, {}); !ended)
      return std::move(ended.failure()).within(fmt::format("cannot stop `{}`", node.path));
  }
  return Done{};
}

}  // namespace cairn::kinds
