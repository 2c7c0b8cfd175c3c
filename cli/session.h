// What a command that acts needs: a run's folder, the keeper, the engines, the scribe, the views; and the run
// itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/program_file.h"
#include "cli/start_record.h"
#include "runtime/effects/clock.h"
#include "runtime/effects/journal.h"
#include "runtime/effects/locks.h"
#include "runtime/plan/goal.h"
#include "runtime/progress/event.h"

namespace cairn::cli {

// A run that was interrupted, and that this process goes on with. Its lock is ours.
struct Resumption {
  RunFolder folder;
  JournalState before;                  // what its journal comes to
  std::vector<progress::Event> events;  // that it has told until then, without the lines of logs
  StartRecord record;
};

struct SessionOptions {
  std::string goal_text;  // as typed: "run publish"
  plan::Goal goal;
  bool up = false;
  std::vector<NodeId> restart;  // of an `up`: services that are stopped first, users before what they use
  bool fail_fast = false;
  int jobs = 0;                         // 0: as many as make sense
  std::string output = "auto";          // auto, tty, plain, json, quiet
  std::string junit, html;              // copies of the reports
  Resumption* resume = nullptr;         // null: a run of its own
  std::optional<Milliseconds> timeout;  // of the whole run, without its teardown
};

// Runs the goal and leaves the exit code in the invocation.
void act(Invocation& invocation, std::unique_ptr<ProgramFile> program, const SessionOptions& options);

}  // namespace cairn::cli
