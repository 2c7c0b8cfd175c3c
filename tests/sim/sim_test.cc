// Whole runs, loop and hands and all, over a world that nobody thought of. CAIRN_SEED=n runs one seed again.
#include <gtest/gtest.h>

#include <cstdlib>

#include "runtime/execute/loop.h"
#include "runtime/progress/recorder.h"
#include "tests/execute/rig.h"
#include "tests/fakes/run_checks.h"
#include "tests/sim/world.h"

namespace cairn::sim {
namespace {

struct RunEnd {
  std::vector<std::string> complaints;
  std::uint64_t trace = 0;
};

RunEnd simulate(std::uint64_t seed) {
  Chance chance(seed);
  Baton baton(chance);
  SimWorld world(baton, chance);
  execute::Rig rig(
      random_graph(chance),
      [&](const execute::StepRequest& request, execute::StepContext& context) {
        return world.perform(request, context);
      },
      baton);
  rig.threads_to_use = &baton;
  rig.options.lanes = {{"engine", chance.between(1, 4)}, {"jobs", chance.between(1, 3)}};
  rig.options.fail_fast = chance.one_in(6);
  rig.options.chance = [&] { return chance.unit(); };
  if (chance.one_in(8)) rig.options.timeout = std::chrono::seconds(chance.between(1, 100));
  const int cancels = chance.one_in(5) ? chance.between(1, 3) : 0;

  RunEnd end;
  progress::RunFinished finished;
  bool is_over = false;
  bool abandoned = false;
  baton.run([&] {
    finished = rig.run([&](execute::Loop& loop) {
      for (int i = 0; i < cancels; ++i)
        baton.start([&, after = Milliseconds(chance.between(0, 60'000))] {
          if (baton.sleep_for(after, {})) loop.cancel("interrupted");
        });
      // A run in which something hangs without a timeout ends when somebody loses patience.
      while (!baton.start([&] {
        if (baton.sleep_for(std::chrono::hours(1), {})) loop.cancel("took too long");
      })) {
      }
    });
    is_over = true;
    abandoned = rig.loop->left_behind() > 0;
  });

  end.complaints = world.complaints();
  const auto complain = [&](const std::string& what) { end.complaints.push_back(what); };
  if (!is_over) {  // its threads cannot be joined
    std::fprintf(stderr, "CAIRN_SEED=%llu shows it again: S9: the run never ends\n",
                 static_cast<unsigned long long>(seed));
    std::abort();
  }
  const plan::Run& run = rig.loop->plan_run();
  for (const StepId step : rig.graph.order) {
    const plan::Outcome* outcome = run.outcome(step);
    if (outcome == nullptr) complain("S9: " + rig.graph.name(step) + " is not settled");
    const plan::Skipped* skipped = outcome == nullptr ? nullptr : std::get_if<plan::Skipped>(outcome);
    if (skipped != nullptr && std::holds_alternative<plan::Skipped>(*run.outcome(skipped->root)))
      complain("S20: the root of " + rig.graph.name(step));
  }
  if (finished.left_behind.empty() && !abandoned && finished.exit_code == 0 && !world.objects().empty())
    complain("S6: " + *world.objects().begin() + " is left and the run is green");
  if (finished.left_behind.empty() && !abandoned)
    for (const std::string& object : world.objects())
      complain("S6: " + object + " is left and nobody says so");
  std::uint64_t last = 0;
  for (const progress::Event& event : rig.recorder.events()) {
    if (event.seq != last + 1) complain("events have gaps");
    last = event.seq;
    world.note(event.step + std::string(progress::type_of(event.is)));
  }
  end.trace = world.trace();
  baton.let_go();
  return end;
}

TEST(Simulation, HoldsForEverySeed) {
  const char* only = std::getenv("CAIRN_SEED");
  const char* count = std::getenv("CAIRN_SEEDS");
  const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
  const std::uint64_t last = only != nullptr    ? first
                             : count != nullptr ? std::strtoull(count, nullptr, 10)
                                                : 10'000;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const RunEnd end = simulate(seed);
    ASSERT_TRUE(end.complaints.empty())
        << "CAIRN_SEED=" << seed << " shows it again: " << end.complaints.front();
  }
}

TEST(Simulation, TheSameSeedIsTheSameRun) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed)
    ASSERT_EQ(simulate(seed).trace, simulate(seed).trace) << seed;
}

}  // namespace
}  // namespace cairn::sim
