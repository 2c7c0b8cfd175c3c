// What would be done, and why: `plan` and `why`. Nothing in here can change anything: the engines are seen
// through a client that only reads.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "cli/brief_keeper.h"
#include "cli/past_runs.h"
#include "cli/planned.h"
#include "cli/saved_plan.h"
#include "grammar/show.h"
#include "interpreter/program.h"
#include "interpreter/show.h"
#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"

namespace cairn::cli {
namespace {

using Json = nlohmann::ordered_json;

struct PlanCommand {
  Wanted wanted;
  bool down = false, volumes = false, json = false, exit_code = false;
  std::string out, show = "plan";
};

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

void plan_command(const PlanCommand& command, Invocation& invocation) {
  if (command.show != "plan") return show_stage(command.show, invocation);
  if (command.down) return plan_down(command, invocation);
  Planned planned;
  planned.wanted = command.wanted;
  if (!make_plan(planned, invocation)) return;
  show_plan(planned, command.json, invocation);
  if (!planned.plan.refusals.empty()) return;
  if (!command.out.empty() && !save_plan(command.out, planned, invocation)) return;
  if (command.exit_code && !planned.plan.changes_nothing()) invocation.exit_code = changes_found;
}

struct WhyCommand {
  std::string node;
  bool up = false, json = false;
};

Json why_json(const Planned& planned, const Node& node) {
  const Graph& graph = planned.program->graph();
  Json all = {{"node", node.path}, {"steps", Json::array()}};
  for (const StepId step : node.steps) {
    const plan::StepPlan& its = planned.plan.steps[index(step)];
    if (is_virtual(graph.steps[index(step)].phase)) continue;
    Json one = {{"step", graph.name(step)},
                {"verdict", plan::name_of(its.verdict)},
                {"reason", its.reason},
                {"waits_for", Json::array()}};
    for (const std::uint32_t number : graph.edges_to[index(step)]) {
      const Edge& edge = graph.edges[number];
      if (edge.reason == EdgeReason::phase) continue;
      one["waits_for"].push_back({{"step", graph.name(edge.from)},
                                  {"however_it_ends", edge.kind == EdgeKind::follows},
                                  {"because", edge.because},
                                  {"place", place_of(*planned.program, edge.span)}});
    }
    all["steps"].push_back(std::move(one));
  }
  return all;
}

void why(const WhyCommand& command, Invocation& invocation) {
  Planned planned;
  planned.wanted.up = command.up;
  if (!make_plan(planned, invocation)) return;
  const Graph& graph = planned.program->graph();
  std::vector<NodeId> found;
  if (!nodes_named(*planned.program, {command.node}, found, invocation)) return;
  const Node& node = graph.node(found.front());
  if (command.json) {
    fmt::print("{}\n", why_json(planned, node).dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
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
  command->add_option("stages", options->wanted.names, "the stages, or with --up the services; default: all");
  CLI::Option* up = command->add_flag("--up", options->wanted.up, "of `up`");
  add_selection(*command, options->wanted)->excludes(up);
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
  command->add_option("--out", options->out, "write it there, for `run --plan` or `up --plan`")
      ->excludes(down);
  command->add_flag("--exit-code", options->exit_code, "exit with 4 when something would be done");
  command->callback([options, &invocation] { plan_command(*options, invocation); });
}

void add_why(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("why", "what would be done with a block, and what each of its steps waits for");
  const auto options = std::make_shared<WhyCommand>();
  add_file_options(*command, invocation);
  command->add_option("node", options->node, "the block")->required();
  command->add_flag("--up", options->up, "by `up` instead of by running every stage");
  command->add_flag("--json", options->json, "as JSON");
  command->callback([options, &invocation] { why(*options, invocation); });
}

}  // namespace cairn::cli
