#include "cli/planned.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/brief_keeper.h"
#include "cli/project.h"
#include "grammar/suggest.h"
#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"
#include "runtime/kinds/clone_plan.h"
#include "runtime/kinds/observe.h"
#include "runtime/kinds/refused_builds.h"
#include "runtime/kinds/refused_on_host.h"

namespace cairn::cli {
namespace {

using Json = nlohmann::ordered_json;

// The stages by their names; complains about the first that is none.
bool stages_named(const ProgramFile& program, const std::vector<std::string>& names,
                  std::vector<NodeId>& found, Invocation& invocation) {
  std::vector<std::string> known;
  for (NodeId stage : program.compiled.stages) known.push_back(program.graph().node(stage).path);
  for (const std::string& name : names) {
    const auto place = std::find(known.begin(), known.end(), name);
    if (place != known.end()) {
      found.push_back(program.compiled.stages[static_cast<std::size_t>(place - known.begin())]);
      continue;
    }
    if (name.ends_with(".stack")) {
      complain(invocation, wrong_input, fmt::format("`{}` is a file, and `run` takes stages", name),
               fmt::format("`cairn run -f {} {}`", name, known.empty() ? "STAGE" : known.front()));
      return false;
    }
    const std::vector<NodeId> blocks = program.graph().find(name);
    const std::optional<std::string> near = suggest(name, known);
    std::string help = near            ? fmt::format("did you mean `{}`?", *near)
                       : known.empty() ? "write `stage test { … }` around what is to be run"
                                       : fmt::format("its stages are {}", fmt::join(known, ", "));
    if (blocks.size() == 1 && !near) {
      const Node& block = program.graph().node(blocks.front());
      help = block.node_class == NodeClass::service && block.stage == no_node
                 ? fmt::format("`{}` is a service: `cairn up {}` brings it up", block.path, name)
             : block.stage == no_node
                 ? fmt::format("`{}` is a `{}`; {}", block.path, block.kind, help)
                 : fmt::format("`{}` is a `{}`: `cairn run {} --only {}` runs it with what it needs",
                               block.path, block.kind, program.graph().node(block.stage).path, name);
    }
    complain(invocation, wrong_input, fmt::format("{} has no stage `{}`", program.path, name), help);
    return false;
  }
  return true;
}

bool services_named(const ProgramFile& program, const std::vector<std::string>& names,
                    std::vector<NodeId>& found, Invocation& invocation) {
  if (!nodes_named(program, names, found, invocation)) return false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Node& node = program.graph().node(found[i]);
    if (node.kind == "stage") {
      complain(invocation, wrong_input, fmt::format("`{}` is a stage, and `up` takes services", names[i]),
               fmt::format("`cairn run {}` runs it", names[i]));
      return false;
    }
  }
  return true;
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

void add_words(std::string& text, const char* option, const std::vector<std::string>& names) {
  for (const std::string& name : names) text += fmt::format("{}{}", option, name);
}

}  // namespace

CLI::Option* add_selection(CLI::App& command, Wanted& wanted) {
  command.add_option("--profile", wanted.profiles, "take part, too: blocks of this profile")
      ->allow_extra_args(false);
  command.add_option("--skip", wanted.skip, "all but this block, which counts as done; may be repeated")
      ->allow_extra_args(false);
  CLI::Option* from = command
                          .add_option("--from", wanted.from,
                                      "this block and what comes after it; earlier steps are not repeated")
                          ->allow_extra_args(false);
  return command
      .add_option("--only", wanted.only,
                  "only this block, with the services and things that it needs; may be repeated")
      ->allow_extra_args(false)
      ->excludes(from);
}

std::string words_of(const Wanted& wanted) {
  std::string text = wanted.up ? "up" : "run";
  add_words(text, " ", wanted.names);
  add_words(text, " --only ", wanted.only);
  add_words(text, " --from ", wanted.from);
  add_words(text, " --skip ", wanted.skip);
  add_words(text, " --profile ", wanted.profiles);
  return wanted.keep ? text + " --keep" : text;
}

bool goal_of(const ProgramFile& program, const Wanted& wanted, plan::Goal& goal, Invocation& invocation) {
  if (wanted.up) {
    plan::UpGoal up;
    if (!services_named(program, wanted.names, up.services, invocation)) return false;
    up.profiles = wanted.profiles;
    goal = up;
    return true;
  }
  plan::RunGoal run;
  if (!stages_named(program, wanted.names, run.stages, invocation) ||
      !nodes_named(program, wanted.only, run.only, invocation) ||
      !nodes_named(program, wanted.from, run.from, invocation) ||
      !nodes_named(program, wanted.skip, run.skip, invocation))
    return false;
  if (run.stages.empty()) run.stages = program.compiled.stages;
  run.profiles = wanted.profiles;
  run.keep = wanted.keep;
  goal = run;
  return true;
}

plan::Facts facts_for(const ProgramFile& program, bool up, http::HttpClient& http) {
  const kinds::RunPlace place{project_name(program.project_folder), program.project_folder, {}, {}, up};
  BriefKeeper keeper;
  http::ReadOnlyClient reading(http);
  return kinds::observe(
      {program.graph(), program.sources, *program.inputs, place, reading, real_clock(), &keeper.tunnels()},
      {});
}

bool make_plan(Planned& planned, Invocation& invocation) {
  if (planned.program == nullptr) planned.program = load_graph(invocation);
  if (planned.program == nullptr) return false;
  if (!goal_of(*planned.program, planned.wanted, planned.goal, invocation)) return false;
  http::Reactor http;
  planned.facts = facts_for(*planned.program, planned.wanted.up, http);
  planned.plan = plan::plan(planned.program->graph(), planned.facts, planned.goal);
  planned.plan.refuse_first(kinds::refused_on_host(planned.program->graph(), planned.plan));
  planned.plan.refuse_first(
      kinds::refused_builds(planned.program->graph(), planned.program->sources, planned.plan));
  return true;
}

void show_plan(const Planned& planned, bool as_json, Invocation& invocation) {
  const Graph& graph = planned.program->graph();
  if (as_json) {
    fmt::print("{}\n", json_of(planned).dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}", plan::show(graph, planned.plan));
    for (const kinds::PlannedCopy& copy : wanted_copies(planned))
      fmt::print("copies   {}  by {}: {}\n", graph.node(copy.node).path, copy.method, copy.why);
    fmt::print("{}\n", counted(graph, planned.plan));
  }
  std::fflush(stdout);
  for (const plan::Refusal& refusal : planned.plan.refusals)
    complain(invocation, refusal.endpoint ? endpoint_failed : wrong_input, refusal.message, refusal.help);
}

std::string place_of(const ProgramFile& program, Span span) {
  if (!span.known()) return {};
  const Place place = program.sources.place(span.file, span.begin);
  return fmt::format("{}:{}:{}", program.sources.at(span.file).name, place.line, place.column);
}

}  // namespace cairn::cli
