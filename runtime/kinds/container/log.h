// Follows what a container says, into the log of a step.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "runtime/execute/companion.h"
#include "runtime/kinds/world.h"
#include "runtime/platform/docker/logs.h"

namespace cairn::kinds {

// Of one container. Thread-safe but for start(), finish() and stop(), which its step and its watch call, one
// after the other.
class ContainerLog {
 public:
  ContainerLog(World& world, docker::Engine& engine)
      : world_(world), engine_(engine), follower_(world.threads, world.clock) {}
  ~ContainerLog() { stop(); }

  // From where an earlier follower of this log got to. When the stream breaks off, another one goes on where
  // it was. False: the system gives no more threads.
  bool start(const std::string& container, bool tty, const std::string& log_step);
  // The container has ended, so its log does too. False: `until` has come, or stop is requested, before all
  // of it was read; it may be called again.
  bool finish(Instant until, std::stop_token stop);
  // The same, for as long as more of it comes; an engine that sends nothing for ten seconds is left alone,
  // and broken_off() says so.
  void finish_or_give_up(std::stop_token stop);
  void stop() { follower_.end(); }

  // What it wrote to standard output so far, up to Workload::kept_output bytes.
  std::string output() const;
  // Why the end of the log is missing, once it is finished; none: it is whole.
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
  std::optional<Followed> followed_;       // until its end is read
  docker::LogPosition known_;              // the follower's: where the next one goes on
  std::atomic<std::uint64_t> pieces_ = 0;  // that have come
  mutable std::mutex output_mutex_;
  std::string output_;
  std::optional<Failure> broken_off_;
  execute::Companion follower_;
};

}  // namespace cairn::kinds
