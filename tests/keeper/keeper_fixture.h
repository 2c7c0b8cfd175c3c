// A run with a keeper, and programs for it to start.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "runtime/effects/file_descriptor.h"
#include "runtime/keeper/keeper_spawner.h"
#include "runtime/keeper/log_lines.h"
#include "runtime/keeper/process_facts.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn::keeper {

// Blocks until the process has ended; at once if there is none.
inline void wait_for_end_of(pid_t pid) {
  const FileDescriptor file(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!file.open()) return;
  pollfd what{file.number(), POLLIN, 0};
  poll(&what, 1, -1);
}

inline bool runs(pid_t pid) {
  const std::optional<ProcessFacts> facts = facts_of(pid);
  return facts && facts->running();
}

class KeeperTest : public testing::Test {
 protected:
  // A fifo: how a test waits until a process says something.
  std::string fifo(const std::string& name) {
    const std::string path = folder_ / name;
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    return path;
  }
  static std::string read_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
  }

  KeeperSetup setup(Scope scope = Scope::run) {
    KeeperSetup setup;
    setup.project = "p-" + folder_.path().substr(folder_.path().size() - 6);
    setup.run = "r-" + folder_.path().substr(folder_.path().size() - 6);
    setup.folder = folder_.path();
    setup.scope = scope;
    setup.limits = original_limits();
    return setup;
  }
  std::unique_ptr<KeeperSpawner> start(Scope scope = Scope::run) {
    Result<std::unique_ptr<KeeperSpawner>> started = KeeperSpawner::start(setup(scope));
    if (!started) {
      ADD_FAILURE() << started.failure().message << ": " << started.failure().causes.front();
      return nullptr;
    }
    return std::move(*started);
  }
  SpawnSpec spec(std::vector<std::string> command) {
    SpawnSpec spec;
    spec.step = "test.step";
    spec.command = std::move(command);
    spec.environment = {{"PATH", Text("/usr/bin:/bin")}};
    spec.working_dir = folder_.path();
    spec.log_file = folder_ / "log";
    spec.grace = std::chrono::seconds(20);
    return spec;
  }
  SpawnSpec shell(const std::string& script) { return spec({"sh", "-ec", script}); }

  std::string out() { return *output_in_log(folder_ / "log", Stream::out); }
  std::string err() { return *output_in_log(folder_ / "log", Stream::err); }

  TemporaryFolder folder_;
};

}  // namespace cairn::keeper
