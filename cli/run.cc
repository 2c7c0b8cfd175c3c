#include <fmt/format.h>

#include "cli/duration_option.h"
#include "cli/planned.h"
#include "cli/saved_plan.h"
#include "cli/session.h"
#include "cli/session_options.h"

namespace cairn::cli {
namespace {

struct RunCommand {
  Wanted wanted;
  SessionOptions session;
  std::string plan;
  bool dry_run = false;
};

void run(const RunCommand& command, Invocation& invocation) {
  const Wanted& wanted = command.wanted;
  const bool selected = !wanted.only.empty() || !wanted.from.empty();
  if (!command.plan.empty() && (!wanted.names.empty() || selected || !wanted.skip.empty()))
    return complain(invocation, wrong_input, "a plan says itself what is to be run",
                    fmt::format("`cairn run --plan {}`", command.plan));
  Planned planned;
  planned.wanted = wanted;
  if (!command.plan.empty()) {
    if (!load_saved_plan(command.plan, false, planned, invocation)) return;
  } else {
    planned.program = load_graph(invocation);
    if (planned.program == nullptr) return;
    if (wanted.names.empty() && !selected) {
      std::vector<std::string> stages;
      for (const NodeId stage : planned.program->compiled.stages)
        stages.push_back(planned.program->graph().node(stage).path);
      return complain(
          invocation, wrong_input, "which stage is to be run?",
          stages.empty()
              ? fmt::format("{} has none; `cairn up` brings its services up", planned.program->path)
              : fmt::format("the stages of {} are {}", planned.program->path, fmt::join(stages, ", ")));
    }
    if (!goal_of(*planned.program, wanted, planned.goal, invocation)) return;
  }
  act_or_show(invocation, std::move(planned), command.session, command.dry_run);
}

}  // namespace

void add_run(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("run", "run stages and all that they need");
  const auto options = std::make_shared<RunCommand>();
  add_file_options(*command, invocation);
  command->add_option("stages", options->wanted.names, "the stages");
  add_selection(*command, options->wanted);
  command->add_flag("--keep", options->wanted.keep, "remove nothing of what it makes; `cairn down` does");
  command->add_option("--plan", options->plan,
                      "carry out what `cairn plan --out` wrote, if it is still right");
  command->add_flag("-n,--dry-run", options->dry_run, "only say what would be done, and why");
  command->add_flag("--fail-fast", options->session.fail_fast, "the first failure cancels the rest");
  add_duration(*command, "--timeout", options->session.timeout,
               "how long it may take, such as `30m`; the teardown is not counted");
  add_session_options(*command, options->session);
  command->callback([options, &invocation] { run(*options, invocation); });
}

}  // namespace cairn::cli
