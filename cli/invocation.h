// What every command is given: the options that all share, and the exit code that it leaves.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace cairn::cli {

enum ExitCode : int {
  passed = 0,
  step_failed = 1,
  wrong_input = 2,
  endpoint_failed = 3,
  changes_found = 4,
  interrupted = 130
};

struct Invocation {
  std::string file;                       // -f; empty: the one .stack file of the folder
  std::vector<std::string> params;        // -p name=value
  std::string params_file;                // --params
  std::string colour = "auto";            // --color auto|always|never
  std::vector<std::string> exec_command;  // of `exec`: what stands behind the service
  int exit_code = passed;
};

// Colour on this descriptor: as asked for; otherwise on a terminal, unless NO_COLOR is set.
bool use_colour(const Invocation& invocation, int descriptor);

// Adds -f, -p and --params to a command that reads a .stack file.
void add_file_options(CLI::App& command, Invocation& invocation);
// For commands that take nothing else: the file without -f.
void add_file_argument(CLI::App& command, Invocation& invocation);

// Prints `error: …` in our shape to standard error and sets the exit code.
void complain(Invocation& invocation, int exit_code, const std::string& message,
              const std::string& help = {});

// The words behind `exec SERVICE`, taken off the command line before anybody looks for options or commands in
// them: they are somebody else's. Empty for every other command.
std::vector<std::string> cut_exec_command(std::vector<std::string>& arguments);

// One function a command, one file each: adds it, with what it does, to the command line.
void add_run(CLI::App& app, Invocation& invocation);
void add_up(CLI::App& app, Invocation& invocation);
void add_down(CLI::App& app, Invocation& invocation);
void add_resume(CLI::App& app, Invocation& invocation);
void add_clean(CLI::App& app, Invocation& invocation);
void add_restart(CLI::App& app, Invocation& invocation);
void add_exec(CLI::App& app, Invocation& invocation);
void add_shell(CLI::App& app, Invocation& invocation);
void add_ps(CLI::App& app, Invocation& invocation);
void add_logs(CLI::App& app, Invocation& invocation);
void add_runs(CLI::App& app, Invocation& invocation);
void add_show(CLI::App& app, Invocation& invocation);
void add_slow(CLI::App& app, Invocation& invocation);
void add_plan(CLI::App& app, Invocation& invocation);
void add_why(CLI::App& app, Invocation& invocation);
void add_graph(CLI::App& app, Invocation& invocation);
void add_lint(CLI::App& app, Invocation& invocation);
void add_fmt(CLI::App& app, Invocation& invocation);
void add_params(CLI::App& app, Invocation& invocation);
void add_explain(CLI::App& app, Invocation& invocation);
void add_completion(CLI::App& app, Invocation& invocation);
void add_doctor(CLI::App& app, Invocation& invocation);
void add_pool(CLI::App& app, Invocation& invocation);
void add_simulate(CLI::App& app, Invocation& invocation);
void add_version(CLI::App& app, Invocation& invocation);

}  // namespace cairn::cli
