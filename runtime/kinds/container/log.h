// Follows what a container says, into the log of a step.
#pragma once

#include <mutex>
#include <string>

#include "runtime/execute/companion.h"
#include "runtime/kinds/world.h"
#include "runtime/platform/docker/engine.h"

namespace cairn::kinds {

// Of one container. Thread-safe but for start(), finish() and stop(), which its step calls.
class ContainerLog {
 public:
  ContainerLog(World& world, docker::Engine& engine)
      : world_(world), engine_(engine), follower_(world.threads, world.clock) {}
  ~ContainerLog() { stop(); }

  // From where an earlier follower of this log got to. False: the system gives no more threads.
  bool start(const std::string& container, bool tty, const std::string& log_step);
  void finish() { follower_.wait(); }  // the container has ended, so its log does too
  void stop() { follower_.end(); }

  // What it wrote to standard output so far, up to Workload::kept_output bytes.
  std::string output() const;

 private:
  World& world_;
  docker::Engine& engine_;
  std::string said_until_;  // the follower's: where its log goes on after a stop and another start
  mutable std::mutex output_mutex_;
  std::string output_;
  execute::Companion follower_;
};

}  // namespace cairn::kinds
