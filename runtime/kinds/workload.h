// A process of a `run` or `service`, wherever it runs: the two kinds need nothing else of a place.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/effects/result.h"
#include "runtime/execute/performer.h"
#include "runtime/reach/target.h"

namespace cairn::kinds {

struct WorkloadEnd {
  int exit_code = 0;
  std::string says;    // "exited 3", "was killed by SIGKILL", "exited 137: out of memory"
  std::string output;  // standard output, up to Workload::kept_output bytes
};

// A file or folder that was asked for, as it is on this machine now.
struct Fetched {
  std::string asked;  // "/reports/*.xml"
  std::string path;   // absolute
};

class Workload {
 public:
  static constexpr std::size_t kept_output = 4u << 20;

  virtual ~Workload() = default;

  // Takes over what an earlier command left, by what the engine calls it: create() without making anything.
  virtual Result<Done> adopt(const std::string& id, execute::StepContext& context) {
    (void)context;
    return Failure{
        .message = "`" + id + "` cannot be taken over", .causes = {}, .help = "`cairn down` ends it"};
  }
  // Of one that was taken over and runs: watch() can tell of its end from now on, and its output goes to the
  // log.
  virtual Result<Done> look_after(execute::StepContext& context, const std::string& log_step) {
    (void)context, (void)log_step;
    return Done{};
  }
  virtual Result<Done> create(execute::StepContext& context) = 0;  // nothing runs yet; `files` are in place
  // Runs, and its output goes to the log of `log_step` from now on. After stop() it may be started again; it
  // has to be watched again, too.
  virtual Result<Done> start(execute::StepContext& context, const std::string& log_step) = 0;
  // Until it has ended by itself. When the context asks to stop, it is stopped (signal, grace, kill) before
  // this returns the Failure.
  virtual Result<WorkloadEnd> wait(execute::StepContext& context) = 0;
  // `watch` is told when it ends without having been stopped.
  virtual void watch(std::shared_ptr<execute::DeathWatch> watch) = 0;
  virtual Result<Done> stop(
      execute::StepContext& context) = 0;  // signal, grace, kill; success when it is not there
  virtual Result<Done> remove(
      execute::StepContext& context) = 0;  // with what it alone used; success when it is not there
  virtual bool leaves_something() const { return true; }     // false: remove() has nothing to do
  virtual std::unique_ptr<reach::ProbeTarget> target() = 0;  // valid as long as the workload

  // What says that it is ready when the file does not: an image's own healthcheck, its exposed ports.
  virtual std::vector<Value> own_probes() { return {}; }

  // Brings what matches `pattern` (a path, with `*` in its last part for reports) to `folder`, or says where
  // it is when it is on this machine already, and then only what has changed since the start. Empty: nothing
  // matches.
  virtual Result<std::vector<Fetched>> fetch(const std::string& pattern, const std::string& folder,
                                             execute::StepContext& context) = 0;
  // What it wrote into the file that CAIRN_OUTPUT names; empty when it wrote none.
  virtual Result<std::string> written_outputs(execute::StepContext& context) = 0;
};

}  // namespace cairn::kinds
