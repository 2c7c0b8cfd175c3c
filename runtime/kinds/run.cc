#include <fmt/format.h>

#include <algorithm>

#include "interpreter/functions/functions.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/collect.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/leftovers.h"
#include "runtime/kinds/place.h"

namespace cairn::kinds {
namespace {

struct RunSettings {
  std::vector<std::int64_t> expect_exit;
};

std::string without_last_newlines(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

void publish_end(World& world, const WorkloadEnd& end, execute::StepContext& context) {
  context.publish("exit_code", Value{std::int64_t{end.exit_code}});
  const std::string text = without_last_newlines(end.output);
  // What holds a secret is handed on as one, and so is never shown.
  const Value out{text, world.masker.finds_in(text)};
  context.publish("stdout", out);
  if (text.starts_with('{') || text.starts_with('[')) {
    const FunctionResult parsed = call_native("parse_json", std::span(&out, 1), world.inputs);
    if (const Value* value = std::get_if<Value>(&parsed)) context.publish("json", *value);
  }
}

Result<WorkloadEnd> create_and_wait(const execute::StepRequest& request, Workload& workload,
                                    execute::StepContext& context) {
  if (Result<Done> made = workload.create(context); !made) return made.failure();
  if (Result<Done> begun = workload.start(context, request.graph.name(request.step)); !begun)
    return begun.failure();
  return workload.wait(context);
}

// How the step ended, from how its process did and what was collected of it.
[[gnu::noinline]] execute::StepResult judged(const execute::StepRequest& request,
                                             const std::vector<Setting>& settings, const WorkloadEnd& end,
                                             const Result<Done>& collected) {
  static const std::vector<Field<RunSettings>> fields = {field<&RunSettings::expect_exit>("expect_exit")};
  const RunSettings expected = bind(fields, settings);
  const bool good = expected.expect_exit.empty()
                        ? end.exit_code == 0
                        : std::find(expected.expect_exit.begin(), expected.expect_exit.end(),
                                    end.exit_code) != expected.expect_exit.end();
  // A report says more than an exit code: `3 of 20 tests failed, first …` before `exited 1`.
  if (!collected) {
    Failure failure = collected.failure();
    if (!good) failure.causes.push_back(fmt::format("the process {}", end.says));
    return failure;
  }
  if (good) return execute::StepEnd{};
  Failure failure{.message = fmt::format("`{}` {}", request.graph.node(request.node).path, end.says),
                  .causes = {},
                  .help = {}};
  if (!(expected.expect_exit.size() <= 1 &&
        (expected.expect_exit.empty() || expected.expect_exit.front() == 0)))
    failure.causes.push_back(fmt::format("`expect_exit` is {}", fmt::join(expected.expect_exit, ", ")));
  return failure;
}

execute::StepResult run(World& world, const execute::StepRequest& request, execute::StepContext& context) {
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  Result<std::shared_ptr<Workload>> workload = place_workload(world, request, all->settings, context);
  if (!workload) return workload.failure();
  // What an earlier attempt left is in the way.
  if (const std::shared_ptr<Workload> earlier = world.workloads.find(request.node)) {
    if (Result<Done> gone = earlier->remove(context); !gone) return gone.failure();
  } else if (execute::StepResult gone = remove_left(world, request, context); !gone) {
    return gone.failure();
  }
  world.workloads.put(request.node, *workload);

  const Result<WorkloadEnd> end = create_and_wait(request, **workload, context);
  if (!end) return end.failure();
  publish_end(world, *end, context);
  return judged(request, all->settings, *end, collect(world, request, all->settings, **workload, context));
}

}  // namespace

execute::StepResult perform_run(World& world, const execute::StepRequest& request,
                                execute::StepContext& context) {
  switch (request.phase) {
    case Phase::run:
      return run(world, request, context);
    case Phase::unmake: {
      const std::shared_ptr<Workload> workload = world.workloads.find(request.node);
      if (workload == nullptr) return remove_left(world, request, context);
      if (Result<Done> gone = workload->remove(context); !gone) return gone.failure();
      world.workloads.take(request.node);
      return execute::StepEnd{};
    }
    default:
      return execute::StepEnd{};  // collect: done within `run`, where its problems count
  }
}

}  // namespace cairn::kinds
