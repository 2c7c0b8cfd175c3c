// `clean` and `down`: both undo by what is on disk and on the engines, never by what the file says now.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/brief_keeper.h"
#include "cli/past_runs.h"
#include "cli/resumable.h"
#include "cli/storage.h"
#include "runtime/http/reactor.h"
#include "runtime/http/read_only_client.h"
#include "runtime/keeper/keeper_spawner.h"
#include "runtime/kinds/engines_used.h"
#include "runtime/kinds/overwrite.h"
#include "runtime/kinds/placed_files.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

struct CleanCommand {
  bool all = false, dry_run = false, json = false;
};
struct DownCommand {
  bool volumes = false, dry_run = false, json = false;
};

// A dead run, and the right to take it apart: nobody resumes it meanwhile.
struct DeadRun {
  PastRun run;
  std::optional<RunFolder> held;
};

void remove_path(const fs::path& path, const char* what, bool dry_run, Removed& removed) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) return;
  if (!dry_run) fs::remove_all(path, error);
  if (error)
    removed.left.push_back({what, path.string(), {}, error.message()});
  else
    removed.gone.push_back({what, path.string(), {}, {}});
}

// What a run needed while it ran; its reports, logs and artifacts stay.
void remove_scratch(const PastRun& run, bool dry_run, Removed& removed) {
  for (const std::string& file : kinds::placed_files(run.disk.path))
    remove_path(file, "file", dry_run, removed);
  for (const std::string& folder : kinds::left_by_overwrites(run.disk.path))
    remove_path(folder, "folder", dry_run, removed);
  for (const auto& [part, what] :
       {std::pair("volumes", "folder"), std::pair("steps", "folder"), std::pair("builds", "folder"),
        std::pair("keeper.sock", "socket"), std::pair("secrets", "file")})
    remove_path(fs::path(run.disk.path) / part, what, dry_run, removed);
}

// What a run that was cut off has caused where no label can be looked for: its journal alone knows.
void tell_what_stays(const PastRun& run, Removed& removed) {
  const std::optional<JournalContent> content = journal_of(run);
  if (!content) return;
  const JournalState state = fold(content->records);
  if (state.exit_code) return;
  const auto look_at = [&](const Intent& effect, const char* why) {
    if (effect.is != EffectClass::found && !effect.name.empty() && effect.what != "image" &&
        effect.what != "service")
      removed.stays.push_back({effect.what, effect.name, effect.where, why});
  };
  for (const auto& [effect, id] : state.made) look_at(effect, "others may use it by now");
  for (const OpenEffect& open : state.open)
    look_at(open.what, "the run was cut off in the middle of it: look whether it is there");
}

// What an engine has of runs whose folder somebody has removed: whether they live cannot be told any more.
std::set<std::string> runs_without_folder(const plan::Facts& facts, const std::vector<PastRun>& runs) {
  std::set<std::string> unknown;
  for (const plan::Fact& fact : facts.strays) {
    const plan::Ours& ours = std::get<plan::Ours>(fact.found);
    const bool known =
        std::any_of(runs.begin(), runs.end(), [&](const PastRun& run) { return run.disk.id == ours.run; });
    if (!known && !ours.run.empty() && !ours.keep) unknown.insert(ours.run);
  }
  return unknown;
}

bool stays(const plan::Facts& facts, const PastRun& run) {
  return std::any_of(facts.strays.begin(), facts.strays.end(), [&](const plan::Fact& fact) {
    const plan::Ours& ours = std::get<plan::Ours>(fact.found);
    return ours.run == run.disk.id ? ours.keep : ours.run.empty() && (run.up || ours.keep);
  });
}

void clean(const CleanCommand& command, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  Removed removed;
  const std::vector<PastRun> runs = past_runs(*project);
  std::vector<DeadRun> dead;
  for (const PastRun& run : runs) {
    DeadRun one{run, std::nullopt};
    bool alive = run.disk.alive;
    if (!alive && !command.dry_run) {
      Result<RunFolder> held = take_over_run(project->cairn_folder, run.disk.id, "cairn clean");
      alive = !held;
      if (held) one.held = std::move(*held);
    }
    if (alive)
      removed.alive.push_back(run.disk.id);
    else
      dead.push_back(std::move(one));
  }
  for (const DeadRun& one : dead) end_processes(*project, one.run, command.dry_run, removed);

  BriefKeeper keeper;
  http::Reactor http;
  http::ReadOnlyClient reading(http);
  std::vector<kinds::EngineLook> looks = look_at_engines(
      command.dry_run ? static_cast<http::HttpClient&>(reading) : http, keeper.tunnels(), *project, runs);
  for (kinds::EngineLook& look : looks) kinds::look_for_agent_images(look, project->name, {});
  const plan::Facts facts = facts_of(looks, removed);
  plan::CleanGoal goal;
  for (const DeadRun& one : dead) goal.runs.push_back(one.run.disk.id);
  for (const std::string& unknown : runs_without_folder(facts, runs)) {
    if (command.all)
      goal.runs.push_back(unknown);
    else
      removed.left.push_back(
          {"what is left of run",
           unknown,
           {},
           "its folder is gone, so nobody can say whether it is alive; `cairn clean --all` removes it"});
  }
  const std::size_t left_before = removed.left.size();
  carry_out(plan::removal_of_runs(facts, goal), looks, *project,
            command.dry_run ? Removing::only_said : Removing::at_once, removed);

  remove_from_storage(
      *project, runs, looks,
      [&](const std::string& run) {
        if (run.empty()) return Fate::stays;
        const auto is_it = [&](const std::string& id) { return short_run_id(id) == run; };
        if (std::any_of(goal.runs.begin(), goal.runs.end(), is_it)) return Fate::removed;
        if (std::any_of(removed.alive.begin(), removed.alive.end(), is_it)) return Fate::stays;
        return command.all ? Fate::removed : Fate::unknown;
      },
      command.dry_run, removed);
  for (const DeadRun& one : dead) remove_build_contexts(one.run, looks, command.dry_run, removed);

  const bool engines_done = removed.unreachable.empty() && removed.left.size() == left_before;
  for (const DeadRun& one : dead) {
    if (!one.run.up) remove_scratch(one.run, command.dry_run, removed);
    tell_what_stays(one.run, removed);
    // The folder says which engines to ask: it goes when nobody has to be asked again.
    if (command.all && engines_done && !stays(facts, one.run))
      remove_path(one.run.disk.path, "folder", command.dry_run, removed);
  }
  const fs::path last = fs::path(project->cairn_folder) / "last";
  std::error_code error;
  if (!command.dry_run && fs::is_symlink(last, error) && !fs::exists(last, error)) fs::remove(last, error);
  tell(invocation, removed, command.json, command.dry_run);
}

// The services of this machine that an `up` left with its keeper.
void end_kept_services(const ProjectPlace& project, const PastRun& run, bool dry_run, Removed& removed) {
  if (!run.disk.alive) return end_processes(project, run, dry_run, removed);
  Result<std::unique_ptr<keeper::KeeperSpawner>> keeper = keeper::KeeperSpawner::attach(run.disk.path);
  if (!keeper) {
    removed.left.push_back({"keeper of run", run.disk.id, {}, keeper.failure().message});
    return;
  }
  const std::vector<keeper::Process> running = (*keeper)->running();
  const Result<Done> ended = dry_run ? Result<Done>(Done{}) : (*keeper)->end();
  for (const keeper::Process& process : running) {
    const std::string name =
        fmt::format("{} ({})", process.pid, process.step.substr(0, process.step.rfind(':')));
    if (ended)
      removed.gone.push_back({"process", name, {}, {}});
    else
      removed.left.push_back({"process", name, {}, ended.failure().message});
  }
}

void down(const DownCommand& command, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  Removed removed;
  if (!project->used) return tell(invocation, removed, command.json, command.dry_run);
  Lock alone;
  if (!command.dry_run) {
    Result<Lock> lock = lock_project(project->cairn_folder, LockMode::exclusive, "cairn down");
    if (!lock)
      return complain(invocation, wrong_input,
                      fmt::format("{}: {}", lock.failure().message, fmt::join(lock.failure().causes, ": ")),
                      lock.failure().help);
    alone = std::move(*lock);
  }
  // We are alone in this project: a run that is alive is a keeper with what its run was to keep.
  std::vector<PastRun> runs = past_runs(*project);
  for (PastRun& run : runs) {
    run.up = run.up || (!command.dry_run && run.disk.alive);
    if (run.up) end_kept_services(*project, run, command.dry_run, removed);
  }

  BriefKeeper keeper;
  http::Reactor http;
  http::ReadOnlyClient reading(http);
  std::vector<kinds::EngineLook> looks = look_at_engines(
      command.dry_run ? static_cast<http::HttpClient&>(reading) : http, keeper.tunnels(), *project, runs);
  const plan::Facts facts = facts_of(looks, removed);
  carry_out(plan::removal_of_stack(facts, {command.volumes}), looks, *project,
            command.dry_run ? Removing::only_said : Removing::gently, removed);

  if (command.volumes)
    remove_from_storage(
        *project, runs, looks,
        [](const std::string& run) { return run.empty() ? Fate::removed : Fate::stays; }, command.dry_run,
        removed);

  for (const PastRun& run : runs)
    if (run.up) remove_scratch(run, command.dry_run, removed);
  if (command.volumes)
    for (const char* part : {"volumes", "copies"})
      remove_path(fs::path(project->cairn_folder) / part, "folder", command.dry_run, removed);
  remove_path(fs::path(project->cairn_folder) / "secrets", "file", command.dry_run, removed);
  tell(invocation, removed, command.json, command.dry_run);
}

}  // namespace

void add_clean(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "clean", "remove what dead runs have left: processes, containers, networks, volumes, folders");
  const auto options = std::make_shared<CleanCommand>();
  add_project_option(*command, invocation);
  command->add_flag("--all", options->all, "their reports, logs and artifacts, too");
  command->add_flag("-n,--dry-run", options->dry_run, "only say what would be removed");
  command->add_flag("--json", options->json, "as JSON");
  command->callback([options, &invocation] { clean(*options, invocation); });
}

void add_down(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("down", "stop and remove what `up` left, and what runs have kept");
  const auto options = std::make_shared<DownCommand>();
  add_project_option(*command, invocation);
  command->add_flag("--volumes", options->volumes, "volumes and their data, too");
  command->add_flag("-n,--dry-run", options->dry_run, "only say what would be removed");
  command->add_flag("--json", options->json, "as JSON");
  command->callback([options, &invocation] { down(*options, invocation); });
}

}  // namespace cairn::cli
