// Starting processes, as a seam. The real one asks the keeper (keeper_spawner.h), because only the keeper
// forks; tests use a fake.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "interpreter/text.h"
#include "runtime/effects/clock.h"
#include "runtime/effects/result.h"

namespace cairn::keeper {

struct EnvironmentVariable {
  std::string name;
  Text value;
};

// Enforced by a cgroup, or the spawn fails and says that it cannot be enforced here.
struct ProcessLimits {
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> processes;

  bool any() const { return memory_bytes || processes; }
};

struct SpawnSpec {
  std::string step;  // the process carries it as CAIRN_STEP
  std::vector<std::string>
      command;  // never empty; a first word without `/` is looked up in the environment's PATH
  std::vector<EnvironmentVariable> environment;  // all of it, but for the markers that the keeper adds
  std::string working_dir;                       // absolute
  std::optional<Text> input;                     // stdin; none: /dev/null
  std::string log_file;        // absolute; output is appended to it (log_lines.h); empty: dropped
  std::vector<Text> masked;    // what must not appear in log or tail
  std::size_t tail_bytes = 0;  // how much of the last output Exit carries
  int stop_signal = SIGTERM;   // what the keeper sends when the run ends without us …
  Nanoseconds grace = std::chrono::seconds(10);  // … and how long it waits before it kills
  ProcessLimits limits;
};

// How a process ended.
struct Exit {
  int code = 0;      // 0–255 when signal is 0
  int signal = 0;    // what killed it
  std::string tail;  // the end of its output, if SpawnSpec::tail_bytes asked for it

  bool well() const { return code == 0 && signal == 0; }
  int shell_code() const { return signal == 0 ? code : 128 + signal; }  // what `$?` would be
  std::string says() const;                                             // "exited 3", "was killed by SIGTERM"
};

struct Process {
  std::uint64_t number = 0;  // within the run, from 1; 0: none
  pid_t pid = 0;
  std::string step;
};

// All methods may be called from any thread.
class Spawner {
 public:
  virtual ~Spawner() = default;

  // Returns when the program runs, or a Failure that says why it could not be started.
  virtual Result<Process> spawn(const SpawnSpec& spec) = 0;
  // Returns when the process has ended, the rest of its tree has been killed and its output is in the log.
  // A Failure of class timeout or cancelled leaves it running.
  virtual Result<Exit> wait(const Process& process, std::stop_token stop,
                            std::optional<Instant> deadline = {}) = 0;
  // Returns when the log has an end beyond `known` bytes of its file, or has all that it will ever have of
  // this process. Nothing looks at the file itself (log_reader.h does): what is told is never ahead of it.
  struct LogEnd {
    std::uint64_t bytes = 0;  // 0: it has said nothing yet
    bool complete = false;    // the process has ended
  };
  virtual Result<LogEnd> wait_for_log(const Process& process, std::uint64_t known, std::stop_token stop) = 0;
  // To the main process alone; one that has ended already is a success.
  virtual Result<Done> signal(const Process& process, int signal) = 0;
  // SIGKILL to the process and all it has started; wait() tells when they are gone.
  virtual Result<Done> kill_tree(const Process& process) = 0;
  // `then` is called once, from another thread or from within, and must neither block nor call the spawner.
  virtual void when_ended(const Process& process, std::function<void(const Exit&)> then) = 0;
  // What runs now, in the order of starting: after an attach, the way to find services again.
  virtual std::vector<Process> running() = 0;
};

}  // namespace cairn::keeper
