// What a command that acts needs: a run's folder, the keeper, the engines, the scribe, the views; and the run
// itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/program_file.h"
#include "runtime/plan/goal.h"

namespace cairn::cli {

struct SessionOptions {
  std::string goal_text;  // as typed: "run publish"
  plan::Goal goal;
  bool up = false;
  bool fail_fast = false;
  int jobs = 0;                 // 0: as many as make sense
  std::string output = "auto";  // auto, tty, plain, json, quiet
  std::string junit, html;      // copies of the reports
  std::string timeout;          // of the whole run, as a duration; empty: none
};

// Runs the goal and leaves the exit code in the invocation.
void act(Invocation& invocation, std::unique_ptr<ProgramFile> program, const SessionOptions& options);

}  // namespace cairn::cli
