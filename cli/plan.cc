// What would be done, and why: `plan` and `why`. Nothing in here can change anything: the engines are seen
// through a client that only reads.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/brief_keeper.h"
#include "cli/past_runs.h"
#include "cli/program_file.h"
#include "cli/project.h"
#include "grammar/show.h"
#include "interpreter/program.h"
#include "interpreter/show.h"
#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"
#include "runtime/kinds/host_limits.h"
#include "runtime/kinds/clone_plan.h"
#include "runtime/kinds/observe.h"
#include "runtime/plan/plan.h"

namespace cairn::cli {
namespace {

using Json = nlohmann::ordered_json;

struct PlanCommand {
  std::vector<std::string> names, profiles;
  bool up = false, down = false, volumes = false, json = false, exit_code = false;
  std::string show = "plan";
};

struct Planned {
  std::unique_ptr<ProgramFile> program;
  plan::Facts facts;
  plan::Plan plan;
};

std::string place_of(const ProgramFile& program, Span span) {
  if (!span.known()) return {};
  const Place place = program.sources.place(span.file, span.begin);
  return fmt::format("{}:{}:{}", program.sources.at(span.file).name, place.line, place.column);
}

// How the clones and snapshots that are to be made will be made.
std::vector<kinds::PlannedCopy> wanted_copies(const Planned& planned) {
  const Graph& graph = planned.program->graph();
  std::vector<kinds::PlannedCopy> copies = kinds::planned_copies(graph);
  std::erase_if(copies, [&](const kinds::PlannedCopy& copy) {
    const plan::Verdict verdict = planned.plan.steps[index(graph.step(copy.node, Phase::make))].verdict;
    return verdict != plan::Verdict::perform && verdict != plan::Verdict::replace;
  });
  return copies;
}

Json json_of(const Planned& planned) {
  const Graph& graph = planned.program->graph();
  Json all = {{"changes", !planned.plan.changes_nothing()},
              {"steps", Json::array()},
              {"copies", Json::array()},
              {"refused", Json::array()}};
  for (const StepId step : graph.order) {
    const plan::StepPlan& its = planned.plan.steps[index(step)];
    if (is_virtual(graph.steps[index(step)].phase)) continue;
    Json one = {{"step", graph.name(step)},
                {"node", graph.node_of(step).path},
                {"verdict", plan::name_of(its.verdict)},
                {"reason", its.reason}};
    if (const std::string place = place_of(*planned.program, its.span); !place.empty()) one["place"] = place;
    all["steps"].push_back(std::move(one));
  }
  for (const kinds::PlannedCopy& copy : wanted_copies(planned))
    all["copies"].push_back(
        {{"node", graph.node(copy.node).path}, {"method", copy.method}, {"why", copy.why}});
  for (const plan::Refusal& refusal : planned.plan.refusals)
    all["refused"].push_back({{"message", refusal.message}, {"help", refusal.help}});
  return all;
}

std::string counted(const Graph& graph, const plan::Plan& plan) {
  std::size_t perform = 0, keep = 0, replace = 0, undo = 0;
  for (const StepId step : graph.order) {
    if (is_virtual(graph.steps[index(step)].phase)) continue;
    const plan::Verdict verdict = plan.steps[index(step)].verdict;
    perform += verdict == plan::Verdict::perform;
    keep += verdict == plan::Verdict::keep;
    replace += verdict == plan::Verdict::replace;
    undo += verdict == plan::Verdict::undo;
  }
  if (plan.changes_nothing())
    return keep == 0 ? "nothing to do" : fmt::format("nothing to do: {} kept", keep);
  std::vector<std::string> parts;
  const auto add = [&](std::size_t count, const char* word) {
    if (count > 0) parts.push_back(fmt::format("{} to {}", count, word));
  };
  add(perform, "do");
  add(replace, "replace");
  add(undo, "undo");
  add(keep, "keep");
  return fmt::format("{}", fmt::join(parts, ", "));
}

// The goal's plan; false after complaining.
bool make_plan(Planned& planned, bool up, const std::vector<std::string>& names,
               const std::vector<std::string>& profiles, Invocation& invocation) {
  planned.program = load_graph(invocation);
  if (planned.program == nullptr) return false;
  const ProgramFile& program = *planned.program;
  plan::Goal goal;
  if (up) {
    plan::UpGoal wanted;
    if (!nodes_named(program, names, wanted.services, invocation)) return false;
    wanted.profiles = profiles;
    goal = wanted;
  } else {
    plan::RunGoal wanted;
    wanted.profiles = profiles;
    if (names.empty())
      wanted.stages = program.compiled.stages;
    else if (!nodes_named(program, names, wanted.stages, invocation))
      return false;
    goal = wanted;
  }
  if (up) {
    const kinds::RunPlace place{project_name(program.project_folder), program.project_folder, {}, {}, true};
    BriefKeeper keeper;
    http::Reactor http;
    http::ReadOnlyClient reading(http);
    planned.facts = kinds::observe(
        {program.graph(), program.sources, place, reading, real_clock(), &keeper.tunnels()}, {});
  }
  planned.plan = plan::plan(program.graph(), planned.facts, goal);
  for (plan::Refusal& refusal : kinds::limits_refused(program.graph(), planned.plan))
    planned.plan.refusals.push_back(std::move(refusal));
  return true;
}

// `down --dry-run`, as a plan.
void plan_down(const PlanCommand& command, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  Removed seen;
  const std::vector<PastRun> runs = past_runs(*project);
  for (const PastRun& run : runs)
    if (run.up) end_processes(*project, run, true, seen);
  BriefKeeper keeper;
  http::Reactor http;
  http::ReadOnlyClient reading(http);
  std::vector<kinds::EngineLook> looks = look_at_engines(reading, keeper.tunnels(), *project, runs);
  const plan::Facts facts = facts_of(looks, seen);
  carry_out(plan::removal_of_stack(facts, {command.volumes}), looks, *project, Removing::only_said, seen);
  tell(invocation, seen, command.json, true);
  if (command.exit_code && invocation.exit_code == passed && !seen.gone.empty())
    invocation.exit_code = changes_found;
}

// The stages before the plan, as text: how cairn has read the file. The earlier ones work on any file.
void show_stage(const std::string& stage, Invocation& invocation) {
  const std::unique_ptr<ProgramFile> loaded = load_program(invocation, stage != "graph");
  if (loaded == nullptr) return;
  const Program* program = loaded->compiled.program.get();
  if (program != nullptr && stage == "syntax")
    for (const std::unique_ptr<Module>& module : program->modules) {
      const std::string shown = show_syntax(module->syntax);  // begins with a line "file"
      if (!module->embedded) fmt::print("file {}{}", module->name, shown.substr(shown.find('\n')));
    }
  if (program != nullptr && stage == "model") fmt::print("{}", show_model(*program));
  if (loaded->compiled.graph && stage == "graph")
    fmt::print("{}", show_graph(loaded->graph(), loaded->sources));
  std::fflush(stdout);
  loaded->print_diagnostics(invocation);
  if (loaded->diagnostics.has_errors()) invocation.exit_code = wrong_input;
}

void show_plan(const PlanCommand& command, Invocation& invocation) {
  if (command.show != "plan") return show_stage(command.show, invocation);
  if (command.down) return plan_down(command, invocation);
  Planned planned;
  if (!make_plan(planned, command.up, command.names, command.profiles, invocation)) return;
  const Graph& graph = planned.program->graph();
  if (command.json) {
    fmt::print("{}\n", json_of(planned).dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}", plan::show(graph, planned.plan));
    for (const kinds::PlannedCopy& copy : wanted_copies(planned))
      fmt::print("copies   {}  by {}: {}\n", graph.node(copy.node).path, copy.method, copy.why);
    fmt::print("{}\n", counted(graph, planned.plan));
  }
  std::fflush(stdout);
  if (command.exit_code && !planned.plan.changes_nothing()) invocation.exit_code = changes_found;
  for (const plan::Refusal& refusal : planned.plan.refusals)
    complain(invocation, refusal.endpoint ? endpoint_failed : wrong_input, refusal.message, refusal.help);
}

struct WhyCommand {
  std::string node;
  bool up = false;
};

void why(const WhyCommand& command, Invocation& invocation) {
  Planned planned;
  if (!make_plan(planned, command.up, {}, {}, invocation)) return;
  const Graph& graph = planned.program->graph();
  std::vector<NodeId> found;
  if (!nodes_named(*planned.program, {command.node}, found, invocation)) return;
  const Node& node = graph.node(found.front());
  if (node.steps.empty()) fmt::print("`{}` has no steps: it is there for others to name\n", node.path);
  for (const StepId step : node.steps) {
    const plan::StepPlan& its = planned.plan.steps[index(step)];
    if (is_virtual(graph.steps[index(step)].phase)) continue;
    fmt::print("{}  {}: {}\n", graph.name(step), plan::name_of(its.verdict), its.reason);
    for (const std::uint32_t number : graph.edges_to[index(step)]) {
      const Edge& edge = graph.edges[number];
      if (edge.reason == EdgeReason::phase) continue;
      const std::string place = place_of(*planned.program, edge.span);
      fmt::print("    waits for {}{}{}{}\n", graph.name(edge.from),
                 edge.kind == EdgeKind::follows ? ", however it ends" : "",
                 edge.because.empty() ? std::string() : ": " + edge.because,
                 place.empty() ? std::string() : " (" + place + ")");
    }
  }
}

}  // namespace

void add_plan(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("plan", "what `run` (or `up`, `down`) would do, and why; changes nothing");
  const auto options = std::make_shared<PlanCommand>();
  add_file_options(*command, invocation);
  command->add_option("stages", options->names, "the stages, or with --up the services; default: all");
  command->add_option("--profile", options->profiles, "take part, too: blocks of this profile");
  CLI::Option* up = command->add_flag("--up", options->up, "of `up`");
  CLI::Option* down = command->add_flag("--down", options->down, "of `down`")->excludes(up);
  command->add_flag("--volumes", options->volumes, "of `down --volumes`")->needs(down);
  CLI::Option* json = command->add_flag("--json", options->json, "as JSON");
  command
      ->add_option("--show", options->show,
                   "what to show: the plan, or how the file was read on the way to it: its syntax, what it "
                   "declares, the graph of its steps")
      ->check(CLI::IsMember({"syntax", "model", "graph", "plan"}))
      ->excludes(json)
      ->excludes(down)
      ->excludes(up)
      ->capture_default_str();
  command->add_flag("--exit-code", options->exit_code, "exit with 4 when something would be done");
  command->callback([options, &invocation] { show_plan(*options, invocation); });
}

void add_why(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("why", "what would be done with a block, and what each of its steps waits for");
  const auto options = std::make_shared<WhyCommand>();
  add_file_options(*command, invocation);
  command->add_option("node", options->node, "the block")->required();
  command->add_flag("--up", options->up, "by `up` instead of by running every stage");
  command->callback([options, &invocation] { why(*options, invocation); });
}

}  // namespace cairn::cli
