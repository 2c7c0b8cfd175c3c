// One run of the real kinds, from the text of a .stack file to its end, over a simulated engine: everything
// above the seams as `cairn run` has it. And what comes after: cleaning up.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/compile.h"
#include "runtime/effects/journal.h"
#include "runtime/execute/kind_table.h"
#include "runtime/execute/loop.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/leftovers.h"
#include "runtime/plan/removal.h"
#include "runtime/progress/recorder.h"
#include "tests/execute/rig.h"
#include "tests/fakes/fake_spawner.h"
#include "tests/fakes/run_checks.h"
#include "tests/sim/weather.h"

namespace cairn::sim {

inline constexpr const char* project = "sim-1a2b3c";
inline constexpr const char* canary = "CanaryBird7391";  // the secret that must never be seen

// A .stack file, compiled by the real front end; nothing but its text is read.
struct Compilation {
  explicit Compilation(std::string text);
  bool well() const { return compiled.graph.has_value(); }
  std::string mistakes() const;
  std::vector<NodeId> nodes_named(const std::vector<std::string>& names) const;

  std::unique_ptr<Inputs> inputs;
  Sources sources;
  Diagnostics diagnostics;
  Compiled compiled;
};

struct IncarnationSetup {
  const Compilation& program;
  Baton& baton;
  execute::Threads& threads;
  Weather& weather;
  Disk& disk;          // of the journal
  std::string folder;  // of the run, on the machine's disk
  std::string run;     // its id
  bool up = false;
  std::string project_folder = {};  // where `.cairn` is; empty: the run's own
};

// One process of a run: `cairn run`, or the `cairn resume` of what another one has left.
class Incarnation {
 public:
  Incarnation(IncarnationSetup setup, plan::RunGoal goal, plan::RunOptions options);
  ~Incarnation();

  // As `cairn run`, `cairn up`: blocks until its end. Must outlive its threads: those that it leaves behind
  // go on.
  progress::RunFinished run(const plan::Goal& goal);
  // As `cairn resume`, with `--repeat` for these steps. Why it was refused, if it was.
  Result<progress::RunFinished> resume(const std::vector<std::string>& repeat = {});
  void cancel(const std::string& why);

  bool began() const { return loop_ != nullptr; }
  const execute::Loop& loop() const { return *loop_; }
  const plan::Plan& plan() const { return plan_; }
  // All that was wrong with what the loop did, event by event.
  std::vector<std::string> complaints() const;
  std::vector<progress::Event> events() const { return recorder_.events(); }
  scribe::Scribe::Totals said() const { return scribe_.totals(); }
  void check_the_end() { checks_->at_the_end(); }
  // Whatever could not be removed of what earlier incarnations have left.
  const std::vector<std::string>& left() const { return left_; }

 private:
  progress::RunFinished carry_out(plan::Goal goal, Journal journal, const JournalState* before);

  IncarnationSetup setup_;
  plan::RunGoal goal_;
  progress::Recorder recorder_;
  progress::Emitter emitter_;
  execute::MemoryLogs logs_;
  scribe::Masker masker_;
  scribe::Scribe scribe_;
  keeper::FakeSpawner spawner_;
  kinds::Secrets secrets_;
  kinds::Addresses addresses_;
  kinds::World world_;
  std::unique_ptr<kinds::Containers> containers_;
  std::unique_ptr<execute::KindTable> performer_;
  plan::Facts facts_;
  plan::Plan plan_;
  plan::RunOptions options_;
  execute::Durations durations_;
  execute::Exports exports_;
  std::optional<Journal> journal_;
  std::unique_ptr<execute::Loop> loop_;
  std::unique_ptr<plan::RunChecks> checks_;
  std::vector<std::string> cancels_;  // before there was a loop
  std::vector<std::string> left_;
};

// As `cairn clean`: takes apart what a dead run has left on the engines that its folder names. What could not
// be removed, and why.
std::vector<std::string> clean(Weather& weather, Baton& baton, const std::string& folder,
                               const std::string& run, bool spares_kept = false);

// The journal of a run in this folder.
std::string journal_of(const std::string& folder);

}  // namespace cairn::sim
