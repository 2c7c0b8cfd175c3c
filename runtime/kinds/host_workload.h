// A `run` or `service` with `in = "host"`: a process of this machine, started by the keeper.
#pragma once

#include <memory>

#include "runtime/execute/companion.h"
#include "runtime/keeper/log_reader.h"
#include "runtime/keeper/spawner.h"
#include "runtime/kinds/death_notice.h"
#include "runtime/kinds/files_before.h"
#include "runtime/kinds/process_settings.h"
#include "runtime/kinds/workload.h"
#include "runtime/kinds/world.h"
#include "runtime/reach/host_target.h"

namespace cairn::kinds {

// "SIGINT", "INT" or "2"; SIGTERM when nothing is said.
int signal_named(const std::optional<std::string>& name);

class HostWorkload final : public Workload {
 public:
  // Fails for what only a container can have (`mounts`, `cap_add`, …): such settings are named.
  // `promised`: patterns of the files that fetch() will be asked for.
  static Result<std::shared_ptr<Workload>> make(World& world, NodeId node, ProcessSettings settings,
                                                std::vector<std::string> promised);

  Result<Done> adopt(const std::string& id, execute::StepContext& context) override;
  Result<Done> create(execute::StepContext& context) override;
  Result<Done> start(execute::StepContext& context, const std::string& log_step) override;
  Result<WorkloadEnd> wait(execute::StepContext& context) override;
  void watch(std::shared_ptr<execute::DeathWatch> watch) override;
  Result<Done> stop(execute::StepContext& context) override;
  Result<Done> remove(execute::StepContext& context) override;
  bool leaves_something() const override { return !placed_.empty(); }
  std::unique_ptr<reach::ProbeTarget> target() override;
  std::vector<Value> own_probes() override;
  Result<std::vector<Fetched>> fetch(const std::string& pattern, const std::string& folder,
                                     execute::StepContext& context) override;
  Result<std::string> written_outputs(execute::StepContext& context) override;

 private:
  HostWorkload(World& world, NodeId node, ProcessSettings settings, std::vector<std::string> promised)
      : world_(world),
        node_(node),
        settings_(std::move(settings)),
        promised_(std::move(promised)),
        follower_(world.threads, world.clock) {}
  Result<Done> place_files();
  Result<Done> fill_environment();
  Result<Done> find_working_dir();
  Result<Done> end_what_is_left(std::stop_token stop);
  Result<Done> record(const std::string& step);
  bool stays() const;
  std::string whole_path(const std::string& pattern) const;
  std::vector<std::string> command() const;
  Result<WorkloadEnd> end_now(execute::StepContext& context, bool wait_for_grace);
  // Hands on what the process says, until that is complete or it is asked to stop. Whoever waits for the
  // process does it on its own thread; a process that is only watched has a thread for it.
  void follow(std::stop_token stop);
  void take_log(std::uint64_t until);
  void finish_log();  // the process has ended, or we leave it
  reach::HostPlace place() const;

  World& world_;
  const NodeId node_;
  const ProcessSettings settings_;
  const std::vector<std::string> promised_;
  std::string working_dir_;
  std::string log_file_, output_file_;
  std::uint64_t log_begins_at_ = 0;
  std::vector<keeper::EnvironmentVariable> environment_;
  bool adopted_ = false;             // an earlier `up` has started it
  std::vector<std::string> placed_;  // files that were written and have to go again
  keeper::Process process_;
  FilesBefore before_;  // of this start
  // Of this start; whoever watches it outlives this.
  std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
  std::string log_step_;
  keeper::LogReader log_;  // of whoever follows
  bool is_waited_for_ = true;
  std::shared_ptr<DeathNotice> notice_;  // if it is watched; outlives this
  std::string output_;                   // standard output, if it is waited for
  execute::Companion follower_;          // ends first: it uses the others
};

}  // namespace cairn::kinds
