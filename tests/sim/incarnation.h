// One run of the real kinds, from the text of a .stack file to its end, over a simulated engine: everything
// above the seams as `cairn run` has it. And what comes after: cleaning up.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/compile.h"
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
  Weather& weather;
  std::string folder;  // of the run, on the machine's disk
  std::string run;     // its id
  bool up = false;
};

class Incarnation {
 public:
  Incarnation(IncarnationSetup setup, plan::Goal goal, plan::RunOptions options);
  ~Incarnation();

  // As `cairn run`: blocks until its end. Must outlive its threads: those that it leaves behind go on.
  progress::RunFinished run();
  void cancel(const std::string& why) { loop_->cancel(why); }

  const execute::Loop& loop() const { return *loop_; }
  const plan::Plan& plan() const { return plan_; }
  const std::vector<std::string>& complaints() const { return checks_->complaints(); }
  std::vector<progress::Event> events() const { return recorder_.events(); }
  scribe::Scribe::Totals said() const { return scribe_.totals(); }
  std::string log(const std::string& step) { return logs_.text(step); }
  void check_the_end() { checks_->at_the_end(); }

 private:
  IncarnationSetup setup_;
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
  std::unique_ptr<execute::Loop> loop_;
  std::unique_ptr<plan::RunChecks> checks_;
};

// As `cairn clean`: takes apart what a dead run has left on the engines that its folder names. What could not
// be removed, and why.
std::vector<std::string> clean(Weather& weather, Baton& baton, const std::string& folder,
                               const std::string& run);

}  // namespace cairn::sim
