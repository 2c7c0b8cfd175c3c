#include "cli/past_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/project.h"
#include "cli/resumable.h"
#include "runtime/keeper/sweep.h"
#include "runtime/kinds/build_contexts.h"
#include "runtime/kinds/engines_used.h"
#include "runtime/platform/docker/images.h"
#include "runtime/progress/ndjson.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

// As every process is given that does not say how it wants to be stopped.
constexpr std::chrono::seconds sweep_grace(10);

std::string file_of_events(const PastRun& run) {
  return run.disk.path + "/events.ndjson";
}

std::string first_goal(const std::string& path) {
  std::ifstream file(path + "/events.ndjson", std::ios::binary);
  std::string line;
  if (!std::getline(file, line)) return {};
  const Result<progress::Event> event = progress::event_of_ndjson(line);
  if (!event) return {};
  const progress::RunStarted* started = std::get_if<progress::RunStarted>(&event->is);
  if (started == nullptr) return {};
  std::string goal = started->goal;
  while (goal.ends_with(' ')) goal.pop_back();
  return goal;
}

Removed::Item item_of(const plan::Identity& identity, std::string why = {}) {
  return {kinds::noun_of(identity), identity.name, identity.where, std::move(why)};
}

nlohmann::ordered_json json_of(const std::vector<Removed::Item>& items) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Removed::Item& item : items) {
    nlohmann::ordered_json one = {{"what", item.what}, {"name", item.name}};
    if (!item.where.empty()) one["where"] = item.where;
    if (!item.why.empty()) one["why"] = item.why;
    list.push_back(std::move(one));
  }
  return list;
}

// Calls `act` for each, several at a time: an engine has no use for more.
template <class Thing, class Act>
void several_at_a_time(std::vector<Thing>& things, Act act) {
  constexpr std::size_t most = 8;
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < things.size(); i = next++) act(things[i]);
  };
  std::vector<std::jthread> others;
  try {
    while (others.size() + 1 < std::min(most, things.size())) others.emplace_back(work);
  } catch (const std::system_error&) {  // no more threads: then with fewer
  }
  work();
}

}  // namespace

void add_project_option(CLI::App& command, Invocation& invocation) {
  command.add_option("-f,--file", invocation.file,
                     "the project's .stack file (it is not read), or its folder; default: this folder");
}

std::optional<ProjectPlace> find_project(Invocation& invocation) {
  std::error_code error;
  fs::path folder =
      fs::weakly_canonical(fs::absolute(invocation.file.empty() ? "." : invocation.file), error);
  if (!fs::is_directory(folder, error)) folder = folder.parent_path();
  if (!fs::is_directory(folder, error)) {
    complain(invocation, wrong_input, fmt::format("there is no folder `{}`", folder.string()));
    return std::nullopt;
  }
  ProjectPlace place{folder.string(), (folder / ".cairn").string(), project_name(folder.string()), false};
  if (!fs::exists(fs::symlink_status(place.cairn_folder, error))) return place;
  // It is there, so this makes nothing; it looks whether what is in it may be believed.
  const Result<std::string> trusted = project_folder(place.folder);
  if (!trusted) {
    complain(invocation, wrong_input, in_one_line(trusted.failure()), trusted.failure().help);
    return std::nullopt;
  }
  place.used = true;
  return place;
}

std::vector<PastRun> past_runs(const ProjectPlace& project) {
  std::vector<PastRun> runs;
  if (!project.used) return runs;
  for (RunOnDisk& disk : runs_of(project.cairn_folder)) {
    PastRun run{std::move(disk), {}, false};
    run.goal = first_goal(run.disk.path);
    run.up = run.goal == "up" || run.goal.starts_with("up ");
    runs.push_back(std::move(run));
  }
  return runs;
}

std::optional<PastRun> past_run(const ProjectPlace& project, const std::string& name,
                                Invocation& invocation) {
  const std::vector<PastRun> runs = past_runs(project);
  if (name.empty() && !runs.empty()) return runs.back();
  for (const PastRun& run : runs)
    if (run.disk.id == name || short_run_id(run.disk.id) == name) return run;
  if (name.empty())
    complain(invocation, wrong_input, fmt::format("nothing was run in `{}` yet", project.folder),
             "`cairn run STAGE` runs a stage; `-f` names another project");
  else
    complain(invocation, wrong_input, fmt::format("there is no run `{}`", name),
             runs.empty() ? "nothing was run here yet" : "`cairn runs` lists them");
  return std::nullopt;
}

std::optional<progress::RunState> recorded_state(const PastRun& run, Invocation& invocation) {
  std::ifstream file(file_of_events(run), std::ios::binary);
  if (!file) {
    complain(invocation, wrong_input, fmt::format("run `{}` has recorded nothing", run.disk.id),
             "it ended before its first step");
    return std::nullopt;
  }
  const progress::Recording recording =
      progress::read_recording(std::string(std::istreambuf_iterator<char>(file), {}));
  for (const std::string& problem : recording.problems)
    fmt::print(stderr, "warning: {}: {}\n", file_of_events(run), problem);
  if (recording.events.empty()) {
    complain(invocation, wrong_input, fmt::format("run `{}` has recorded nothing", run.disk.id),
             "it ended before its first step");
    return std::nullopt;
  }
  return progress::state_after(recording.events);
}

std::vector<kinds::EngineLook> look_at_engines(http::HttpClient& http, reach::Tunnels& tunnels,
                                               const ProjectPlace& project,
                                               const std::vector<PastRun>& runs) {
  std::vector<kinds::EngineLook> looks;
  for (const PastRun& run : runs)
    for (const docker::Endpoint& endpoint : kinds::recorded_engines(run.disk.path)) {
      const auto same = [&](const kinds::EngineLook& look) {
        const docker::Endpoint& other = look.engine->endpoint();
        return other.shown == endpoint.shown && other.base_url == endpoint.base_url &&
               (!endpoint.ssh.empty() || other.unix_socket == endpoint.unix_socket);
      };
      if (std::none_of(looks.begin(), looks.end(), same))
        looks.push_back(kinds::look_at(http, real_clock(), endpoint, project.name, {}, &tunnels));
    }
  return looks;
}

plan::Facts facts_of(const std::vector<kinds::EngineLook>& looks, Removed& removed) {
  plan::Facts facts;
  for (const kinds::EngineLook& look : looks) {
    facts.strays.insert(facts.strays.end(), look.ours.begin(), look.ours.end());
    if (look.unreachable)
      removed.unreachable.push_back(
          fmt::format("{}: {}", look.engine->endpoint().shown, in_one_line(*look.unreachable)));
  }
  return facts;
}

void carry_out(const plan::Removal& removal, std::vector<kinds::EngineLook>& looks,
               const ProjectPlace& project, Removing how, Removed& removed) {
  struct Object {
    kinds::EngineLook* look = nullptr;
    const plan::Fact* fact = nullptr;
    Result<Done> gone = Done{};
    std::optional<Failure> trouble = {};  // that kept nothing from being removed
  };
  std::vector<Object> rank;  // what uses nothing of each other
  const auto remove_rank = [&] {
    if (how != Removing::only_said)
      several_at_a_time(rank, [&](Object& one) {
        if (how == Removing::gently) one.gone = kinds::stop_object(*one.look, *one.fact, one.trouble, {});
        if (one.gone) one.gone = kinds::remove_object(*one.look->engine, *one.fact, project.name, {});
      });
    for (const Object& one : std::exchange(rank, {})) {
      if (one.trouble) fmt::print(stderr, "warning: {}\n", in_one_line(*one.trouble));
      if (one.gone)
        removed.gone.push_back(item_of(one.fact->identity));
      else
        removed.left.push_back(item_of(one.fact->identity, in_one_line(one.gone.failure())));
    }
  };
  for (const StepId step : removal.graph.order) {
    const Phase phase = removal.graph.steps[index(step)].phase;
    if (phase == Phase::end) remove_rank();
    if (phase != Phase::remove && phase != Phase::unmake) continue;
    const auto found = removal.facts.of_node.find(removal.graph.node_of(step).path);
    if (found == removal.facts.of_node.end()) continue;
    const auto look = std::find_if(looks.begin(), looks.end(), [&](const kinds::EngineLook& one) {
      return one.engine->endpoint().shown == found->second.identity.where;
    });
    if (look != looks.end()) rank.push_back({&*look, &found->second});
  }
  remove_rank();
}

void remove_build_contexts(const PastRun& run, std::vector<kinds::EngineLook>& looks, bool dry_run,
                           Removed& removed) {
  const std::optional<JournalContent> content = journal_of(run);
  if (!content) return;
  const JournalState state = fold(content->records);
  if (state.exit_code) return;
  for (const OpenEffect& open : state.open) {
    if (open.what.what != kinds::build_context_noun) continue;
    const auto look = std::find_if(looks.begin(), looks.end(), [&](const kinds::EngineLook& one) {
      return one.engine->endpoint().shown == open.what.where;
    });
    if (look == looks.end() || look->unreachable) continue;
    const auto there = docker::inspect_image(*look->engine, open.what.name, {});
    if (there && !*there) continue;
    const Result<Done> gone = !there    ? Result<Done>(there.failure())
                              : dry_run ? Result<Done>(Done{})
                                        : docker::remove_image(*look->engine, open.what.name, false, {});
    const Removed::Item item{open.what.what, open.what.name, open.what.where,
                             gone ? std::string() : in_one_line(gone.failure())};
    (gone ? removed.gone : removed.left).push_back(item);
  }
}

void end_processes(const ProjectPlace& project, const PastRun& run, bool dry_run, Removed& removed) {
  const keeper::SweepFilter filter{project.name, run.disk.id, run.disk.path};
  const auto item = [](pid_t pid, std::string why = {}) {
    return Removed::Item{"process", std::to_string(pid), {}, std::move(why)};
  };
  if (dry_run) {
    for (const pid_t pid : keeper::left_running(filter)) removed.gone.push_back(item(pid));
    return;
  }
  const keeper::Swept swept = keeper::sweep(filter, sweep_grace);
  for (const pid_t pid : swept.ended) removed.gone.push_back(item(pid));
  for (const keeper::Swept::LeftBehind& left : swept.left) removed.left.push_back(item(left.pid, left.why));
}

void tell(Invocation& invocation, const Removed& removed, bool json, bool dry_run) {
  if (json) {
    const nlohmann::ordered_json all = {{"dry_run", dry_run},
                                        {"removed", json_of(removed.gone)},
                                        {"left", json_of(removed.left)},
                                        {"stays", json_of(removed.stays)},
                                        {"waiting", json_of(removed.waiting)},
                                        {"alive", removed.alive},
                                        {"unreachable", removed.unreachable}};
    fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    for (const Removed::Item& item : removed.gone)
      fmt::print("{}  {} {}{}\n", dry_run ? "would remove" : "removed", item.what, item.name,
                 item.where.empty() ? std::string() : " on " + item.where);
    for (const Removed::Item& item : removed.left)
      fmt::print("left     {} {}{}: {}\n", item.what, item.name,
                 item.where.empty() ? std::string() : " on " + item.where, item.why);
    for (const Removed::Item& item : removed.stays)
      fmt::print("stays    {} {}{}: {}\n", item.what, item.name,
                 item.where.empty() ? std::string() : " on " + item.where, item.why);
    for (const Removed::Item& item : removed.waiting)
      fmt::print("waits    {} {}{}: {}\n", item.what, item.name,
                 item.where.empty() ? std::string() : " on " + item.where, item.why);
    for (const std::string& run : removed.alive) fmt::print("alive    run {}: not touched\n", run);
    if (removed.gone.empty() && removed.left.empty() && removed.waiting.empty() &&
        removed.unreachable.empty())
      fmt::print("nothing to remove\n");
  }
  std::fflush(stdout);
  if (!removed.left.empty()) invocation.exit_code = step_failed;
  for (const std::string& engine : removed.unreachable)
    complain(invocation, endpoint_failed, fmt::format("nobody can say what is left on {}", engine),
             "repeat this when the engine answers again; one that is gone for good is forgotten with the "
             "folders of "
             "its runs, `.cairn/runs/…`");
}

}  // namespace cairn::cli
