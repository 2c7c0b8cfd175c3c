#include "runtime/kinds/overwrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "runtime/clone/tree.h"
#include "runtime/kinds/recorded_lines.h"
#include "runtime/kinds/services.h"

namespace cairn::kinds {
namespace {

constexpr const char* overwritten_file_name = "/overwritten";
constexpr const char* stopped_file = "/stopped";

Result<Done> stop_all(World& world, const std::vector<NodeId>& services, execute::StepContext& context) {
  for (std::size_t i = services.size(); i-- > 0;) {
    const std::shared_ptr<Workload> workload = world.workloads.find(services[i]);
    if (workload == nullptr) continue;
    const std::string& path = world.graph.node(services[i]).path;
    if (Result<Done> recorded = record_line(world.place.folder + stopped_file, "stop " + path); !recorded)
      return recorded;
    context.note(fmt::format("stops `{}`, which uses the volume", path));
    if (Result<Done> ended = workload->stop(context); !ended)
      return Failure(ended.failure()).within(fmt::format("could not stop `{}`", path));
  }
  return Done{};
}

Result<Done> start_all(World& world, const std::vector<NodeId>& services, const execute::StepRequest& by,
                       execute::StepContext& context) {
  for (const NodeId service : services) {
    const std::shared_ptr<Workload> workload = world.workloads.find(service);
    if (workload == nullptr) continue;
    const std::string& path = world.graph.node(service).path;
    context.note(fmt::format("starts `{}` again", path));
    execute::StepRequest request = by;
    request.node = service;
    request.phase = Phase::start;
    request.step = world.graph.step(service, Phase::start);
    if (Result<Done> begun = start_service(world, request, *workload, context); !begun)
      return Failure(begun.failure()).within(fmt::format("could not start `{}` again", path));
    if (Result<Done> recorded = record_start(world.place.folder, path); !recorded) return recorded;
    request.phase = Phase::ready;
    request.step = world.graph.step(service, Phase::ready);
    if (Result<Done> ready = wait_for_service(world, request, *workload, context); !ready)
      return ready.failure();
  }
  return Done{};
}

}  // namespace

std::vector<NodeId> stopped_for(const Graph& graph, NodeId by) {
  std::vector<NodeId> services;
  const NodeRef* onto = graph.node(by).value("onto").as<NodeRef>();
  if (onto == nullptr) return services;
  const StepId make = graph.step(by, Phase::make);
  const StepId unmake = graph.step(onto->node, Phase::unmake);
  if (make == no_step || unmake == no_step) return services;
  // Lowering gave the clone a hold on each of them (lower/overwrites.cc); it may hold others for other
  // reasons.
  for (const Hold& hold : graph.holds) {
    if (hold.user != make) continue;
    const StepId removed = graph.step(hold.service, Phase::remove);
    const bool uses = std::any_of(graph.edges_to[index(unmake)].begin(), graph.edges_to[index(unmake)].end(),
                                  [&](std::uint32_t number) { return graph.edges[number].from == removed; });
    if (uses) services.push_back(hold.service);
  }
  std::vector<std::size_t> place(graph.steps.size());
  for (std::size_t i = 0; i < graph.order.size(); ++i) place[index(graph.order[i])] = i;
  std::sort(services.begin(), services.end(), [&](NodeId a, NodeId b) {
    return place[index(graph.step(a, Phase::start))] < place[index(graph.step(b, Phase::start))];
  });
  return services;
}

Result<Done> with_users_stopped(World& world, const execute::StepRequest& by, execute::StepContext& context,
                                const std::function<Result<Done>()>& work) {
  const std::vector<NodeId> services = stopped_for(world.graph, by.node);
  if (Result<Done> stopped = stop_all(world, services, context); !stopped) return stopped;
  Result<Done> done = work();
  if (!done && !done.failure().nothing_done) return done;
  Result<Done> started = start_all(world, services, by, context);
  if (!done) {
    if (!started) done.failure().causes.push_back("and then: " + started.failure().message);
    return done;
  }
  return started;
}

Result<Done> record_start(const std::string& run_folder, const std::string& service) {
  return record_line(run_folder + stopped_file, "start " + service);
}

bool was_being_stopped(const std::string& run_folder, const std::string& service) {
  bool stopping = false;
  std::ifstream file(run_folder + stopped_file, std::ios::binary);
  for (std::string line; std::getline(file, line);)
    if (line == "stop " + service || line == "start " + service) stopping = line.starts_with("stop ");
  return stopping;
}

Result<Done> record_overwrite(const std::string& run_folder, const std::string& target) {
  return record_line(run_folder + overwritten_file_name, target);
}

std::vector<std::string> left_by_overwrites(const std::string& run_folder) {
  std::vector<std::string> left;
  std::ifstream file(run_folder + overwritten_file_name, std::ios::binary);
  for (std::string target; std::getline(file, target);) {
    if (!target.starts_with('/')) continue;  // the last line of a crash
    const std::string path = clone::beside(target);
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(path, error)) &&
        std::find(left.begin(), left.end(), path) == left.end())
      left.push_back(path);
  }
  return left;
}

}  // namespace cairn::kinds
