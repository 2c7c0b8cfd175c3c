// What earlier runs of a project have left: their folders, and what of ours is on the engines that they used.
// Needs the project's folder only, not its file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/invocation.h"
#include "runtime/effects/in_one_line.h"
#include "runtime/effects/locks.h"
#include "runtime/http/client.h"
#include "runtime/kinds/leftovers.h"
#include "runtime/plan/removal.h"
#include "runtime/progress/run_state.h"

namespace cairn::cli {

struct ProjectPlace {
  std::string folder;        // absolute
  std::string cairn_folder;  // its `.cairn`
  std::string name;
  bool used = false;  // false: there is no `.cairn`, so nothing was ever run here
};

// Adds `-f`, which names the project by its file, to a command that needs no file.
void add_project_option(CLI::App& command, Invocation& invocation);
// The folder of `-f`, or this one. Makes nothing; nothing when its `.cairn` cannot be trusted (complained
// about).
std::optional<ProjectPlace> find_project(Invocation& invocation);

struct PastRun {
  RunOnDisk disk;
  std::string goal;  // "run test", "up"; empty when it died before it could say
  bool up = false;
};
// Oldest first.
std::vector<PastRun> past_runs(const ProjectPlace& project);
// By its id or the id's last part; `name` empty: the last one. Complains when there is none.
std::optional<PastRun> past_run(const ProjectPlace& project, const std::string& name, Invocation& invocation);
// What its events say, without the lines of logs. Complains when they cannot be read.
std::optional<progress::RunState> recorded_state(const PastRun& run, Invocation& invocation);

// All engines that these runs have used, looked at.
std::vector<kinds::EngineLook> look_at_engines(http::HttpClient& http, reach::Tunnels& tunnels,
                                               const ProjectPlace& project, const std::vector<PastRun>& runs);

// What was done, for people and as JSON.
struct Removed {
  struct Item {
    std::string what, name, where;  // "container", "cairn-shop-db", "unix:///var/run/docker.sock"
    std::string why;                // of what is left: why; empty otherwise
  };
  std::vector<Item> gone, left;
  std::vector<Item> stays;         // that a run has caused elsewhere and that nobody here undoes: why
  std::vector<Item> waiting;       // done with, and not gone yet: an array keeps it until its time is over
  std::vector<std::string> alive;  // runs
  std::vector<std::string> unreachable;  // engines, and why
};

enum class Removing {
  only_said,  // nothing is changed
  at_once,    // what runs is killed: it belongs to a run that is dead
  gently,     // its stop signal and its grace first
};
// Removes what the plan undoes, users first, several at a time. What hangs on an object that could not be
// removed fails, too, and is told.
void carry_out(const plan::Removal& removal, std::vector<kinds::EngineLook>& looks,
               const ProjectPlace& project, Removing how, Removed& removed);
// What a run that was cut off has tagged for its builds, by its journal.
void remove_build_contexts(const PastRun& run, std::vector<kinds::EngineLook>& looks, bool dry_run,
                           Removed& removed);
// The processes of one run, or of none; those of runs that live are not the caller's to name.
void end_processes(const ProjectPlace& project, const PastRun& run, bool dry_run, Removed& removed);
// All that was seen of ours on the engines.
plan::Facts facts_of(const std::vector<kinds::EngineLook>& looks, Removed& removed);

// Prints it and sets the exit code: 3 when an engine could not be asked, 1 when something is left.
void tell(Invocation& invocation, const Removed& removed, bool json, bool dry_run);

}  // namespace cairn::cli
