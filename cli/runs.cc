// What earlier runs have recorded: `runs`, `show`, `slow`.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/past_runs.h"
#include "cli/project.h"
#include "cli/resumable.h"
#include "runtime/progress/chain.h"
#include "runtime/progress/columns.h"
#include "runtime/progress/ndjson.h"
#include "runtime/progress/timeline.h"
#include "runtime/progress/words.h"
#include "runtime/report/run_report.h"
#include "runtime/scribe/log_line.h"
#include "runtime/scribe/sanitise.h"

namespace cairn::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// "alive", "passed", "failed", "interrupted", "died".
std::string state_of(const PastRun& run, const progress::RunState& state) {
  if (state.end)
    return state.end->exit_code == passed        ? "passed"
           : state.end->exit_code == interrupted ? "interrupted"
                                                 : "failed";
  return run.disk.alive ? "alive" : "died";
}

// It was cut off, and its journal says that there is something left to do.
bool is_resumable(const PastRun& run, const std::string& state) {
  return state == "died" && !run.up && has_not_ended(run);
}

std::optional<progress::RunState> quiet_state(const PastRun& run) {
  std::ifstream file(run.disk.path + "/events.ndjson", std::ios::binary);
  const progress::Recording recording =
      progress::read_recording(std::string(std::istreambuf_iterator<char>(file), {}));
  return recording.events.empty() ? std::optional<progress::RunState>()
                                  : progress::state_after(recording.events);
}

void list_runs(bool as_json, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  Json list = Json::array();
  const std::vector<PastRun> runs = past_runs(*project);
  if (!as_json && runs.empty()) fmt::print("nothing was run in `{}` yet\n", project->folder);
  for (const PastRun& run : runs) {
    const progress::RunState state = quiet_state(run).value_or(progress::RunState());
    const std::string is = state_of(run, state);
    const double seconds = state.end ? state.end->seconds : static_cast<double>(state.time_ms) / 1000;
    if (as_json) {
      Json one = {{"run", run.disk.id},      {"goal", run.goal},   {"state", is},
                  {"alive", run.disk.alive}, {"seconds", seconds}, {"folder", run.disk.path}};
      if (state.wall_ms != 0) one["began"] = scribe::shown_time(state.wall_ms);
      if (state.end) one["exit_code"] = state.end->exit_code;
      if (is_resumable(run, is)) one["resumable"] = true;
      list.push_back(std::move(one));
      continue;
    }
    // A service of an `up` lives with its keeper when the command has ended.
    const std::string shown = state.end && run.disk.alive ? is + ", running"
                              : is_resumable(run, is)     ? is + ", resumable"
                                                          : is;
    fmt::print("{}  {:<16} {:>8}  {}\n", run.disk.id, shown, progress::shown_duration(seconds),
               scribe::sanitised(run.goal));
  }
  if (as_json) fmt::print("{}", dumped(list));
}

Json json_of(const progress::StepState& step) {
  Json one = {{"step", step.path}, {"node", step.node}, {"kind", step.plan.kind}};
  if (!step.end) {
    one["state"] = step.is == progress::StepState::Is::running ? "running" : "planned";
    return one;
  }
  one["outcome"] = progress::name_of(step.end->outcome);
  one["seconds"] = step.end->seconds;
  if (!step.end->reason.empty()) one["reason"] = step.end->reason;
  if (!step.end->causes.empty()) one["causes"] = step.end->causes;
  if (!step.end->root.empty()) one["because_of"] = step.end->root;
  if (step.end->exit_code) one["exit_code"] = *step.end->exit_code;
  return one;
}

bool write_to(const std::string& path, const std::string& text, Invocation& invocation) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return true;
  complain(invocation, wrong_input, fmt::format("cannot write `{}`", path));
  return false;
}

struct ShowCommand {
  std::string run, timeline, trace;
  bool json = false;
};

void show_run(const ShowCommand& command, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  const std::optional<PastRun> run = past_run(*project, command.run, invocation);
  if (!run) return;
  const std::optional<progress::RunState> state = recorded_state(*run, invocation);
  if (!state) return;
  if (!command.timeline.empty() && !write_to(command.timeline, progress::timeline_page(*state), invocation))
    return;
  if (!command.trace.empty() && !write_to(command.trace, progress::chrome_trace(*state), invocation)) return;
  if (command.json) {
    Json all = {{"run", run->disk.id},
                {"goal", run->goal},
                {"state", state_of(*run, *state)},
                {"alive", run->disk.alive}};
    if (is_resumable(*run, state_of(*run, *state))) all["resumable"] = true;
    if (state->end) all["exit_code"] = state->end->exit_code;
    all["steps"] = Json::array();
    for (const progress::StepState& step : state->steps)
      if (!step.plan.is_virtual) all["steps"].push_back(json_of(step));
    fmt::print("{}", dumped(all));
    return;
  }
  if (!command.timeline.empty() || !command.trace.empty()) return;
  fmt::print("{}  {}\n", run->disk.id, scribe::sanitised(run->goal));
  for (const progress::StepState& step : state->steps) {
    if (step.plan.is_virtual || (step.end && step.end->outcome == progress::Outcome::not_needed)) continue;
    const std::string outcome = step.end ? std::string(progress::shown_outcome(step.end->outcome))
                                : step.is == progress::StepState::Is::running
                                    ? (run->disk.alive ? "running" : "cut off")
                                    : "not begun";
    fmt::print(
        "{:<10} {:>8}  {}{}\n", outcome,
        step.end && step.end->seconds > 0 ? progress::shown_duration(step.end->seconds) : "", step.path,
        step.end && !step.end->reason.empty() ? "  " + scribe::sanitised(step.end->reason) : std::string());
  }
  report::RunReport report;
  report.run = *state;
  fmt::print("{}", report::failure_table(report, terminal_columns(), use_colour(invocation, STDOUT_FILENO)));
  if (state->end)
    fmt::print("{}\n", progress::shown_end(*state->end));
  else
    fmt::print("{}\n", run->disk.alive ? "it is under way"
                       : is_resumable(*run, state_of(*run, *state))
                           ? fmt::format("it was cut off; `cairn resume {}` goes on with it, "
                                         "`cairn clean` removes what it left",
                                         short_run_id(run->disk.id))
                           : "it was cut off; `cairn clean` removes what it left");
}

Json json_of(const progress::SlowAnalysis& slow) {
  Json all = {{"seconds", slow.seconds},
              {"lower_bound", slow.lower_bound},
              {"waited", slow.waited},
              {"chain", Json::array()},
              {"slack", Json::array()}};
  for (const progress::ChainLink& link : slow.chain) {
    Json one = {
        {"step", link.step}, {"begins", link.begins}, {"seconds", link.seconds}, {"waited", link.waited}};
    if (!link.waited_for.empty()) one["waited_for"] = link.waited_for;
    if (!link.causes.empty()) one["causes"] = link.causes;
    all["chain"].push_back(std::move(one));
  }
  for (const progress::Slack& slack : slow.slack)
    all["slack"].push_back({{"step", slack.step}, {"seconds", slack.seconds}, {"slack", slack.slack}});
  return all;
}

void slow(const std::string& name, bool as_json, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  const std::optional<PastRun> run = past_run(*project, name, invocation);
  if (!run) return;
  const std::optional<progress::RunState> state = recorded_state(*run, invocation);
  if (!state) return;
  const progress::SlowAnalysis analysis = progress::analyse_slow(*state);
  fmt::print("{}", as_json ? dumped(json_of(analysis)) : progress::slow_text(analysis));
}

}  // namespace

void add_runs(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("runs", "list the runs of this project");
  const auto as_json = std::make_shared<bool>(false);
  add_project_option(*command, invocation);
  command->add_flag("--json", *as_json, "as JSON");
  command->callback([as_json, &invocation] { list_runs(*as_json, invocation); });
}

void add_show(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("show", "how a run went: every step, and what failed");
  const auto options = std::make_shared<ShowCommand>();
  add_project_option(*command, invocation);
  command->add_option("run", options->run, "the run; default: the last one");
  command->add_option("--timeline", options->timeline, "write a timeline there instead, as HTML");
  command->add_option("--trace", options->trace, "write a trace for Perfetto there instead");
  command->add_flag("--json", options->json, "as JSON");
  command->callback([options, &invocation] { show_run(*options, invocation); });
}

void add_slow(CLI::App& app, Invocation& invocation) {
  struct SlowCommand {
    std::string run;
    bool json = false;
  };
  CLI::App* command = app.add_subcommand("slow", "the chain of steps that decided when a run ended");
  const auto options = std::make_shared<SlowCommand>();
  add_project_option(*command, invocation);
  command->add_option("run", options->run, "the run; default: the last one");
  command->add_flag("--json", options->json, "as JSON");
  command->callback([options, &invocation] { slow(options->run, options->json, invocation); });
}

}  // namespace cairn::cli
