// What is running: of `up` and of runs that live.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/brief_keeper.h"
#include "cli/past_runs.h"
#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"
#include "runtime/keeper/process_facts.h"
#include "runtime/keeper/records.h"

namespace cairn::cli {
namespace {

struct Running {
  std::string node, what, name, where, state, run;
};

// What the keeper has noted and the kernel confirms: the same pid of the same boot, started at the same tick.
std::vector<Running> processes_of(const PastRun& run) {
  std::vector<Running> found;
  for (const keeper::RecordedProcess& record :
       keeper::read_records(fmt::format("{}/{}", run.disk.path, keeper::kRecordsName))) {
    if (!record.started || record.boot != keeper::boot_id()) continue;
    const std::optional<keeper::ProcessFacts> now = keeper::facts_of(record.started->pid);
    if (!now || !now->running() || now->start_time != record.started->start_time) continue;
    found.push_back({record.step.substr(0, record.step.rfind(':')), "process", std::to_string(now->pid),
                     "this machine", run.disk.alive ? "running" : "left behind", run.disk.id});
  }
  return found;
}

std::string word_for(plan::ObjectState state) {
  switch (state) {
    case plan::ObjectState::made:
      return "made";
    case plan::ObjectState::running:
      return "running";
    case plan::ObjectState::ready:
      return "ready";
    case plan::ObjectState::ended:
      return "ended";
  }
  return {};
}

void list(bool as_json, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  const std::vector<PastRun> runs = past_runs(*project);
  std::vector<Running> all;
  for (const PastRun& run : runs)
    for (Running& one : processes_of(run)) all.push_back(std::move(one));
  BriefKeeper keeper;
  http::Reactor http;
  http::ReadOnlyClient reading(http);
  const std::vector<kinds::EngineLook> looks = look_at_engines(reading, keeper.tunnels(), *project, runs);
  Removed seen;
  for (const plan::Fact& fact : facts_of(looks, seen).strays) {
    if (fact.identity.what != "service") continue;
    const plan::Ours& ours = std::get<plan::Ours>(fact.found);
    const bool alive = std::any_of(runs.begin(), runs.end(), [&](const PastRun& run) {
      return run.disk.id == ours.run && run.disk.alive;
    });
    all.push_back({ours.node, "container", fact.identity.name, fact.identity.where,
                   !alive && !ours.run.empty() && !ours.keep ? "left behind" : word_for(ours.state),
                   ours.run.empty() ? "up" : ours.run});
  }
  if (as_json) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const Running& one : all)
      out.push_back({{"node", one.node},
                     {"what", one.what},
                     {"name", one.name},
                     {"where", one.where},
                     {"state", one.state},
                     {"run", one.run}});
    fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    std::size_t widest = 4;
    for (const Running& one : all) widest = std::max(widest, one.node.size());
    for (const Running& one : all)
      fmt::print("{:<{}}  {:<11}  {} {} on {}  ({})\n", one.node, widest, one.state, one.what, one.name,
                 one.where, one.run);
    if (all.empty()) fmt::print("nothing is running\n");
  }
  std::fflush(stdout);
  for (const std::string& engine : seen.unreachable)
    complain(invocation, endpoint_failed, fmt::format("nobody can say what runs on {}", engine));
}

}  // namespace

void add_ps(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("ps", "what is running, of `up` and of runs");
  const auto as_json = std::make_shared<bool>(false);
  add_project_option(*command, invocation);
  command->add_flag("--json", *as_json, "as JSON");
  command->callback([as_json, &invocation] { list(*as_json, invocation); });
}

}  // namespace cairn::cli
