#include "runtime/kinds/kinds.h"

#include "runtime/kinds/remembered.h"

namespace cairn::kinds {

std::map<std::string, execute::PerformKind, std::less<>> all_kinds(World& world) {
  using Perform = execute::StepResult (*)(World&, const execute::StepRequest&, execute::StepContext&);
  const std::pair<const char*, Perform> rows[] = {
      {"service", perform_service}, {"run", perform_run},           {"volume", perform_volume},
      {"clone", perform_clone},     {"snapshot", perform_snapshot}, {"network", perform_network},
      {"image", perform_image},     {"push", perform_push},         {"probe", perform_probe},
      {"check", perform_check},     {"http", perform_http},
  };
  std::map<std::string, execute::PerformKind, std::less<>> table;
  for (const auto& [name, of_kind] : rows)
    table.emplace(name, remembering(world, [&world, perform = of_kind](const execute::StepRequest& request,
                                                                       execute::StepContext& context) {
                    return perform(world, request, context);
                  }));
  return table;
}

std::optional<execute::StepResult> ended_at_once(World& world, const execute::StepRequest& request) {
  if (request.graph.node(request.node).kind != "run") return std::nullopt;
  if (request.phase == Phase::collect) return execute::StepEnd{};  // done within `run`
  if (request.phase != Phase::unmake) return std::nullopt;
  // What an earlier incarnation has left is on no shelf.
  if (request.fact != nullptr && std::holds_alternative<plan::Ours>(request.fact->found)) return std::nullopt;
  const std::shared_ptr<Workload> workload = world.workloads.find(request.node);
  if (workload != nullptr && workload->leaves_something()) return std::nullopt;
  world.workloads.take(request.node);
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
