// How long a step that does nothing takes through the keeper: spawn, wait, exit code, records. Two at a time,
// as `make -j2` and `ninja -j2` would. Usage: keeper_bench [steps] [log]
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "runtime/keeper/keeper.h"
#include "runtime/keeper/keeper_spawner.h"

namespace {

using namespace cairn;
using namespace cairn::keeper;

int measure(int steps, bool with_log) {
  std::string folder = (std::filesystem::temp_directory_path() / "cairn-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  KeeperSetup setup;
  setup.project = "bench";
  setup.run = "bench";
  setup.folder = folder;
  Result<std::unique_ptr<KeeperSpawner>> keeper = KeeperSpawner::start(setup);
  if (!keeper) {
    fmt::print(stderr, "{}: {}\n", keeper.failure().message, keeper.failure().causes.front());
    return 1;
  }
  SpawnSpec spec;
  spec.step = "bench.step";
  spec.command = {"/bin/true"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string entry = *variable;
    const std::size_t equals = entry.find('=');
    if (equals != std::string::npos)
      spec.environment.push_back({entry.substr(0, equals), Text(entry.substr(equals + 1))});
  }
  spec.working_dir = folder;
  if (with_log) spec.log_file = folder + "/log";

  std::atomic<int> started = 0, failed = 0;
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> hands;
    for (int i = 0; i < 2; ++i) {
      hands.emplace_back([&] {
        while (started++ < steps) {
          const Result<Process> process = (*keeper)->spawn(spec);
          if (!process || !(*keeper)->wait(*process, {})->well()) ++failed;
        }
      });
    }
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  fmt::print("{} steps{} in {:.0f} ms: {:.3f} ms a step, {} failed\n", steps, with_log ? " with a log" : "",
             took.count(), took.count() / steps, failed.load());
  keeper->reset();
  std::filesystem::remove_all(folder);
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == kKeeperCommand) {
    return keeper_main([](const std::vector<Text>&) { return Mask(); });
  }
  return measure(argc > 1 ? std::atoi(argv[1]) : 2000, argc > 2);
}
