// `resume`: goes on with a run that was cut off, by its journal.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/past_runs.h"
#include "cli/resumable.h"
#include "cli/session.h"
#include "cli/session_options.h"
#include "runtime/kinds/placed_files.h"
#include "runtime/progress/ndjson.h"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

struct ResumeCommand {
  std::string run;
  std::vector<std::string> repeat, done;
  SessionOptions session;
};

// The run that is meant: the named one, or the last that can be resumed. Nothing after complaining.
std::optional<PastRun> run_to_resume(const ProjectPlace& project, const std::string& name,
                                     Invocation& invocation) {
  if (!name.empty()) return past_run(project, name, invocation);
  const std::vector<PastRun> runs = past_runs(project);
  const PastRun* alive = nullptr;
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (run->up || !has_not_ended(*run)) continue;
    if (!run->disk.alive) return *run;
    if (alive == nullptr) alive = &*run;
  }
  if (alive != nullptr)
    complain(invocation, wrong_input, fmt::format("run `{}` is still going", alive->disk.id),
             "wait until it has ended, or interrupt it");
  else
    complain(invocation, wrong_input, "there is nothing to resume: every run has come to its end",
             runs.empty() ? "nothing was run here yet" : "`cairn runs` lists them");
  return std::nullopt;
}

bool refuse(Invocation& invocation, const PastRun& run, const Failure& failure) {
  std::string text = failure.message;
  for (const std::string& cause : failure.causes) text += "\n  = cause: " + cause;
  complain(invocation, wrong_input, text,
           failure.help.empty()
               ? fmt::format("`cairn show {}` tells how far it came", short_run_id(run.disk.id))
               : failure.help);
  return false;
}

// The steps' names of what the command line names, each of them one that was interrupted.
bool interrupted_named(const ProgramFile& program, const JournalState& before,
                       const std::vector<std::string>& names, std::vector<std::string>& steps,
                       Invocation& invocation) {
  for (const std::string& name : names) {
    std::vector<NodeId> found;
    if (!nodes_named(program, {name.substr(0, name.rfind(':'))}, found, invocation)) return false;
    const std::string step = program.graph().node(found.front()).path + ":run";
    const bool is = std::any_of(before.begun.begin(), before.begun.end(), [&](const OpenStep& open) {
      return open.step == step && open.interrupted();
    });
    if (!is) {
      complain(invocation, wrong_input, fmt::format("`{}` was not interrupted", name),
               "what else is left of the run is done without being asked for");
      return false;
    }
    steps.push_back(step);
  }
  return true;
}

std::string effects_of(const JournalState& before, const std::string& step) {
  std::string text;
  for (const OpenEffect& open : before.open)
    if (open.what.step == step && open.interrupted())
      text += fmt::format("{}{}{}", text.empty() ? "" : ", ", open.what.effect,
                          open.what.name.empty() ? "" : " `" + open.what.name + "`");
  return text.empty() ? "it was done, and how it ended was not recorded" : "it was about to " + text;
}

// On a terminal: what nobody but a person can know. False: they would rather look first.
bool ask(const JournalState& before, std::vector<std::string>& repeat, std::vector<std::string>& done) {
  const auto has = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const OpenStep& open : before.begun) {
    if (!open.interrupted() || has(repeat, open.step) || has(done, open.step)) continue;
    fmt::print(stderr,
               "`{}` was interrupted: {}\nWas it done? [y]es, go on after it; [n]o, do it (again); [q]uit: ",
               open.step.substr(0, open.step.rfind(':')), effects_of(before, open.step));
    std::string answer;
    while (answer != "y" && answer != "n") {
      if (!std::getline(std::cin, answer) || answer == "q") return false;
      if (answer != "y" && answer != "n") fmt::print(stderr, "y, n or q: ");
    }
    (answer == "y" ? done : repeat).push_back(open.step);
  }
  return true;
}

bool nodes_at(const Graph& graph, const std::vector<std::string>& paths, std::vector<NodeId>& nodes) {
  for (const std::string& path : paths) {
    const auto found = graph.by_path.find(path);
    if (found == graph.by_path.end()) return false;
    nodes.push_back(found->second);
  }
  return true;
}

// What the run has told, and its file without a torn last line: more is told behind it.
std::vector<progress::Event> earlier_events(const PastRun& run) {
  const fs::path path = fs::path(run.disk.path) / "events.ndjson";
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::error_code error;
  fs::resize_file(path, text.rfind('\n') + 1, error);  // npos + 1 is 0
  return progress::read_recording(text).events;
}

void say_what_changed(const StartRecord& record, const ProgramFile& program) {
  std::vector<std::string> changed = changed_since(record.capsule, *program.outside);
  if (changed.empty()) return;
  constexpr std::size_t most = 5;
  const std::size_t more = changed.size() > most ? changed.size() - most : 0;
  changed.resize(changed.size() - more);
  fmt::print(stderr, "note: {}{} changed since the run began; it goes on with what was then\n",
             fmt::join(changed, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

void resume(ResumeCommand command, Invocation& invocation) {
  const std::optional<ProjectPlace> project = find_project(invocation);
  if (!project) return;
  const std::optional<PastRun> run = run_to_resume(*project, command.run, invocation);
  if (!run) return;
  Resumption resumption;
  Result<RunFolder> folder = take_over_run(project->cairn_folder, run->disk.id, "cairn resume");
  if (!folder) {
    refuse(invocation, *run, folder.failure());
    return;
  }
  resumption.folder = std::move(*folder);
  Result<Resumable> resumable = resumable_run(*run);
  if (!resumable) {
    refuse(invocation, *run, resumable.failure());
    return;
  }
  resumption.before = std::move(resumable->state);
  resumption.record = std::move(resumable->record);
  std::unique_ptr<ProgramFile> program =
      load_recorded(resumption.record, project->folder, run->disk.id, invocation);
  if (program == nullptr) return;
  say_what_changed(resumption.record, *program);

  plan::ResumeGoal goal;
  goal.id = run->disk.id;
  const StartRecord& record = resumption.record;
  if (!nodes_at(program->graph(), record.stages, goal.run.stages) ||
      !nodes_at(program->graph(), record.only, goal.run.only) ||
      !nodes_at(program->graph(), record.from, goal.run.from) ||
      !nodes_at(program->graph(), record.skip, goal.run.skip))
    return complain(invocation, wrong_input,
                    fmt::format("the run `{}` cannot be resumed by this cairn", run->disk.id),
                    "it was begun by another version, which understands its file");
  goal.run.profiles = record.profiles;
  goal.run.keep = record.keep;
  if (!interrupted_named(*program, resumption.before, command.repeat, goal.repeat, invocation) ||
      !interrupted_named(*program, resumption.before, command.done, goal.done, invocation))
    return;
  if (isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 &&
      !ask(resumption.before, goal.repeat, goal.done))
    return complain(invocation, wrong_input, "nothing was done", "`cairn resume` asks again");

  // Processes of this machine died with the run, or have to: nobody watches them. Their files are in the way.
  Removed removed;
  end_processes(*project, *run, false, removed);
  for (const Removed::Item& item : removed.left)
    return complain(invocation, step_failed,
                    fmt::format("the process {} of the run still runs: {}", item.name, item.why),
                    "end it yourself, then resume again");
  for (const std::string& file : kinds::placed_files(run->disk.path)) {
    std::error_code error;
    fs::remove_all(file, error);
  }
  resumption.events = earlier_events(*run);
  command.session.goal = goal;
  command.session.goal_text = record.goal;
  command.session.fail_fast = record.fail_fast;
  if (command.session.jobs == 0) command.session.jobs = record.jobs;
  command.session.resume = &resumption;
  act(invocation, std::move(program), command.session);
}

}  // namespace

void add_resume(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("resume", "go on with a run that was cut off, with what it was begun with");
  const auto options = std::make_shared<ResumeCommand>();
  add_project_option(*command, invocation);
  command->add_option("run", options->run, "the run; default: the last that did not come to its end");
  command->add_option("--repeat", options->repeat, "a step that was interrupted, and is to be done (again)");
  command->add_option("--done", options->done, "a step that was interrupted, and is known to be done");
  command
      ->add_option("-p,--param", invocation.params,
                   "the value of a secret param, as name=value: it was not kept")
      ->allow_extra_args(false);
  add_session_options(*command, options->session);
  command->callback([options, &invocation] { resume(*options, invocation); });
}

}  // namespace cairn::cli
