// Whole runs of the real kinds, the real front end and the real client over a simulated engine, in every kind
// of weather, killed or not, resumed and cleaned up. CAIRN_SEED=n runs one seed again and shows what it did;
// CAIRN_SEEDS=n how many; CAIRN_SHARD=i/n every n-th of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sim/trial.h"

namespace cairn::sim {
namespace {

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class EngineRuns : public testing::Test {
 protected:
  static void SetUpTestSuite() { setenv("DOCKER_HOST", "unix:///simulated.sock", 1); }
};

TEST_F(EngineRuns, HoldForEverySeed) {
  const bool only = std::getenv("CAIRN_SEED") != nullptr;
  const std::uint64_t first = number("CAIRN_SEED", 1);
  const std::uint64_t last = only ? first : number("CAIRN_SEEDS", 40);
  // "1/2": the first of two processes that share the work.
  const char* shard = std::getenv("CAIRN_SHARD");
  const std::uint64_t shards = shard == nullptr ? 1 : static_cast<std::uint64_t>(std::atoi(shard + 2));
  const std::uint64_t mine = shard == nullptr ? 0 : static_cast<std::uint64_t>(shard[0] - '1');
  std::uint64_t runs = 0;
  std::uint64_t green = 0, killed = 0, resumed = 0, calls = 0, switches = 0;
  int bad = 0;
  for (std::uint64_t seed = first; seed <= last && bad < 10; ++seed) {
    if (!only && seed % shards != mine) continue;
    ++runs;
    const End end = run_trial({.seed = seed, .tells = only});
    EXPECT_TRUE(end.complaints.empty())
        << "CAIRN_SEED=" << seed << " shows it again: " << testing::PrintToString(end.complaints);
    bad += !end.complaints.empty();
    green += end.exit_code == 0 && !end.killed;
    killed += end.killed;
    resumed += end.resumed;
    calls += static_cast<std::uint64_t>(end.calls);
    switches += static_cast<std::uint64_t>(end.switches);
  }
  fmt::print("{} runs: {} green, {} killed, {} of them resumed, {} calls, {} switches\n", runs, green, killed,
             resumed, calls, switches);
}

TEST_F(EngineRuns, TheSameSeedIsTheSameRun) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    ASSERT_EQ(run_trial({.seed = seed}).trace, run_trial({.seed = seed}).trace) << seed;
}

}  // namespace
}  // namespace cairn::sim
