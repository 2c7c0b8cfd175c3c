// A process of a simulated container: runs a script until it has to wait, and knows what it waits for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/clock.h"
#include "tests/sim/engine/file_tree.h"
#include "tests/sim/engine/script.h"

namespace cairn::sim {

// What a process has around it.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  virtual void say(bool to_stderr, std::string_view bytes) = 0;
  // Links are followed. Nothing: there is no such file.
  virtual std::optional<FileNode> find(const std::string& path) = 0;
  // Empty, or why not: "Read-only file system".
  virtual std::string put(const std::string& path, FileNode node) = 0;
  virtual std::string remove(const std::string& path) = 0;
  virtual void listen(int port) = 0;
  // "hostname", "user", "nofile", "mounts": what a program can ask its system.
  virtual std::string ask(std::string_view what) = 0;
};

class Process {
 public:
  struct Start {
    std::vector<std::string> command;  // never empty
    std::map<std::string, std::string> environment;
    std::string folder = "/";
    bool first = false;  // process 1: what it does not handle, it does not hear
  };
  Process(Start start, Surroundings& around);

  // Why it cannot be started; empty: it can.
  static std::string cannot_start(const std::vector<std::string>& command, Surroundings& around);

  // Goes on until it ends or waits.
  void run(Instant now);
  void signal(int number, Instant now);
  std::optional<int> exit_code() const { return exit_; }  // none: it lives
  // While it lives: when it goes on by itself; max: never.
  Instant wakes() const { return wakes_; }

 private:
  struct Ran {
    int code = 0;
    std::string out, err;
  };

  void pipeline(const std::vector<SimpleCommand>& commands, Instant now);
  Ran program(const std::vector<std::string>& words, const std::string& input, Instant now);
  // Those that begin a wait, or change the process itself; false: it is none of them.
  bool special(const std::vector<std::string>& words, Instant now);
  std::string expanded(const Word& word);
  void deliver(const SimpleCommand& command, Ran ran);
  std::string read(const std::string& path, Ran& ran);
  void end(int code) { exit_ = code; }
  void jump_into(const std::string& action, std::size_t back_to);

  Surroundings& around_;
  std::map<std::string, std::string> environment_;
  std::string folder_;
  const bool first_;
  bool shell_ = false;             // it is a shell, and so handles signals between commands only
  bool became_a_program_ = false;  // after `exec`
  bool ends_at_failure_ = false;   // set -e
  struct Frame {
    Script script;
    std::size_t at = 0;
  };
  std::vector<Frame> frames_;  // a trap's action runs above what it interrupted
  std::map<int, std::string> traps_;
  std::vector<int> pending_;
  Instant wakes_ = Instant::min();
  int status_ = 0;
  std::optional<int> exit_;
};

// "SIGTERM", "TERM" or "15" as 15; 0: there is no such signal.
int signal_number(const std::string& name);

// What there is to run: what an image of the simulation has in its /bin.
std::vector<std::string> program_names();

}  // namespace cairn::sim
