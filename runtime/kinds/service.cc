#include <fmt/format.h>

#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/leftovers.h"
#include "runtime/kinds/overwrite.h"
#include "runtime/kinds/place.h"
#include "runtime/kinds/readiness.h"
#include "runtime/kinds/services.h"
#include "runtime/kinds/settled.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/reach/host_target.h"

namespace cairn::kinds {
namespace {

// Tells the executor, and ends the waiting of the service's own probes.
class Watch final : public execute::DeathWatch {
 public:
  Watch(std::shared_ptr<execute::DeathWatch> executor, std::shared_ptr<reach::WakeUp> wake_up,
        std::string service)
      : executor_(std::move(executor)), wake_up_(std::move(wake_up)), service_(std::move(service)) {}
  void died(execute::Death death) override {
    wake_up_->give_up({.message = fmt::format("`{}` {} before it was ready", service_, death.reason),
                       .causes = {},
                       .help = {}});
    executor_->died(std::move(death));
  }

 private:
  const std::shared_ptr<execute::DeathWatch> executor_;
  const std::shared_ptr<reach::WakeUp> wake_up_;
  const std::string service_;
};

// A container that an earlier incarnation has left and that nothing of the rest has used.
execute::StepResult stop_left(World& world, const execute::StepRequest& request,
                              execute::StepContext& context) {
  const plan::Ours* there = request.fact == nullptr ? nullptr : std::get_if<plan::Ours>(&request.fact->found);
  if (request.verdict != plan::Verdict::undo || there == nullptr ||
      !in_container(world.graph, request.node) || there->state == plan::ObjectState::made ||
      there->state == plan::ObjectState::ended)
    return execute::StepEnd{};
  const Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  docker::StopOrder order;
  order.signal = "SIGTERM";
  if (const auto* signal = request.graph.node(request.node).value("stop_signal").as<std::string>())
    order.signal = *signal;
  order.grace = std::chrono::seconds(10);
  if (const auto* grace = request.graph.node(request.node).value("stop_grace_period").as<Duration>())
    order.grace = Milliseconds(grace->milliseconds);
  order.hurry = context.hurry();
  const Result<int> code = docker::stop_container(**engine, there->id, order, {});
  if (!code) return code.failure();
  return execute::StepEnd{};
}

}  // namespace

Result<Done> start_service(World& world, const execute::StepRequest& request, Workload& workload,
                           execute::StepContext& context) {
  if (Result<Done> begun = workload.start(context, request.graph.name(request.step)); !begun) return begun;
  // The executor hands out one watch a service, to its own start.
  std::shared_ptr<execute::DeathWatch> watch = world.watches.find_or(request.node, [&] {
    return std::make_shared<Watch>(context.watch(), world.wake_up_of(request.node),
                                   request.graph.node(request.node).path);
  });
  workload.watch(std::move(watch));
  return Done{};
}

Result<Done> wait_for_service(World& world, const execute::StepRequest& request, Workload& workload,
                              execute::StepContext& context) {
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  const std::unique_ptr<reach::ProbeTarget> target = workload.target();
  std::vector<Value> probes = As<std::vector<Value>>::take(all->value("ready"));
  if (probes.empty()) probes = workload.own_probes();
  const std::shared_ptr<reach::WakeUp> wake_up = world.wake_up_of(request.node);
  const Result<Done> ready = wait_until_ready(world, probes, request.node, *target, context, *wake_up,
                                              request.verdict == plan::Verdict::keep);
  if (ready) return ready;
  Failure failure = ready.failure();
  if (failure.is == FailureClass::cancelled) return failure;
  const std::string& path = request.graph.node(request.node).path;
  failure.help =
      failure.help.empty() ? fmt::format("`cairn logs {}` shows what it said", path) : failure.help;
  return std::move(failure).within(fmt::format("`{}` is not ready", path));
}

execute::StepResult perform_service(World& world, const execute::StepRequest& request,
                                    execute::StepContext& context) {
  const std::string& path = request.graph.node(request.node).path;
  switch (request.phase) {
    case Phase::create: {
      const Result<Settled> all = settled(world, request, context);
      if (!all) return all.failure();
      Result<std::shared_ptr<Workload>> workload = place_workload(world, request, all->settings, context);
      if (!workload) return workload.failure();
      // What an earlier attempt left is in the way.
      if (const std::shared_ptr<Workload> earlier = world.workloads.find(request.node))
        if (Result<Done> gone = earlier->remove(context); !gone) return gone.failure();
      world.workloads.put(request.node, *workload);
      const plan::Ours* there =
          request.fact == nullptr ? nullptr : std::get_if<plan::Ours>(&request.fact->found);
      if (request.verdict == plan::Verdict::keep && there != nullptr) {
        if (Result<Done> adopted = (*workload)->adopt(there->id, context); !adopted) return adopted.failure();
        return execute::StepEnd{.is = execute::StepEnd::Is::kept,
                                .reason = "it is there and as the file says"};
      }
      if (request.verdict == plan::Verdict::replace && there != nullptr &&
          in_container(world.graph, request.node)) {
        Result<docker::Engine*> engine = world.containers->engine_of(request.node);
        if (!engine) return engine.failure();
        if (Result<Done> gone = remove_object(**engine, *request.fact, world.place.project, context.stop());
            !gone)
          return gone.failure();
      }
      // Addresses are known before the start: a published port is answered by whoever starts it.
      if (Result<Done> made = (*workload)->create(context); !made) return made.failure();
      return execute::StepEnd{};
    }
    case Phase::start: {
      const std::shared_ptr<Workload> workload = world.workloads.find(request.node);
      if (workload == nullptr)
        return Failure{.message = fmt::format("`{}` was not created", path), .causes = {}, .help = {}};
      const bool being_stopped =
          request.incarnation > 1 && !world.place.up && was_being_stopped(world.place.folder, path);
      if (being_stopped)
        if (Result<Done> ended = workload->stop(context); !ended) return ended.failure();
      if (request.verdict == plan::Verdict::keep && !being_stopped) {
        if (!world.place.up) {  // a run that was resumed: it still counts on the service
          if (Result<Done> seen = workload->look_after(context, request.graph.name(request.step)); !seen)
            return seen.failure();
          workload->watch(std::make_shared<Watch>(context.watch(), world.wake_up_of(request.node), path));
        }
        return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "it runs"};
      }
      world.watches.take(request.node);  // a second attempt has a watch of its own
      if (Result<Done> begun = start_service(world, request, *workload, context); !begun)
        return begun.failure();
      if (being_stopped)
        if (Result<Done> recorded = record_start(world.place.folder, path); !recorded)
          return recorded.failure();
      return execute::StepEnd{};
    }
    case Phase::ready: {
      const std::shared_ptr<Workload> workload = world.workloads.find(request.node);
      if (workload == nullptr)
        return Failure{.message = fmt::format("`{}` was not started", path), .causes = {}, .help = {}};
      const Instant began = context.clock().now();
      if (Result<Done> ready = wait_for_service(world, request, *workload, context); !ready)
        return ready.failure();
      const double seconds = std::chrono::duration<double>(context.clock().now() - began).count();
      context.say(progress::ServiceReady{seconds, {}});
      return execute::StepEnd{};
    }
    case Phase::stop: {
      const std::shared_ptr<Workload> workload = world.workloads.find(request.node);
      if (workload == nullptr) return stop_left(world, request, context);
      if (Result<Done> ended = workload->stop(context); !ended) return ended.failure();
      return execute::StepEnd{};
    }
    case Phase::remove: {
      const std::shared_ptr<Workload> workload = world.workloads.find(request.node);
      if (workload == nullptr) return remove_left(world, request, context);
      if (Result<Done> gone = workload->remove(context); !gone) return gone.failure();
      world.workloads.take(request.node);
      return execute::StepEnd{};
    }
    default:
      return execute::StepEnd{};
  }
}

execute::StepResult perform_probe(World& world, const execute::StepRequest& request,
                                  execute::StepContext& context) {
  if (request.phase != Phase::run) return execute::StepEnd{};
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  // Nothing of ours: only probes that name a host can look.
  reach::HostTarget target({request.graph.node(request.node).path, {}, world.place.project_folder, {}, {}, 0},
                           world.spawner);
  reach::WakeUp wake_up;
  const Result<Done> ready = wait_until_ready(world, As<std::vector<Value>>::take(all->value("ready")),
                                              no_node, target, context, wake_up);
  if (!ready) return ready.failure();
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
