// Follows what a container says, into the log of a step.
#pragma once

#include <mutex>
#include <string>

#include "runtime/execute/companion.h"
#include "runtime/kinds/world.h"
#include "runtime/platform/docker/logs.h"

namespace cairn::kinds {

// Of one container. Thread-safe but for start(), finish() and stop(), which its step calls.
class ContainerLog {
 public:
  ContainerLog(World& world, docker::Engine& engine)
      : world_(world), engine_(engine), follower_(world.threads, world.clock) {}
  ~ContainerLog() { stop(); }

  // From where an earlier follower of this log got to. When the stream breaks off, another one goes on where
  // it was. False: the system gives no more threads.
  bool start(const std::string& container, bool tty, const std::string& log_step);
  void finish();  // the container has ended, so its log does too
  void stop() { follower_.end(); }

  // What it wrote to standard output so far, up to Workload::kept_output bytes.
  std::string output() const;
  // Why the end of the log is missing, after finish(); none: it is whole.
  std::optional<Failure> broken_off() const;

 private:
  struct Followed {
    std::string container;
    bool tty = false;
    std::string step;
  };

  std::optional<Failure> read_all(const std::string& container, bool tty, const std::string& log_step,
                                  std::stop_token stop);
  Result<Done> read(const std::string& container, const docker::LogQuestion& question,
                    const std::string& log_step, std::stop_token stop);
  void hand_on(const std::string& log_step, docker::Output by, std::string& said);  // empties it

  World& world_;
  docker::Engine& engine_;
  std::optional<Followed> followed_;  // until its end is read
  docker::LogPosition known_;         // the follower's: where the next one goes on
  mutable std::mutex output_mutex_;
  std::string output_;
  std::optional<Failure> broken_off_;
  execute::Companion follower_;
};

}  // namespace cairn::kinds
