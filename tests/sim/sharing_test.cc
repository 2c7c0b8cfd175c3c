// Several commands on one project and engine: two runs at once, an `up` after an `up`.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/fakes/temporary_folder.h"
#include "tests/sim/engine/images.h"
#include "tests/sim/engine_occurrences.h"
#include "tests/sim/inventory.h"
#include "tests/sim/life.h"
#include "tests/sim/stacks.h"

namespace cairn::sim {
namespace {

// An engine, and a file whose runs go well.
class Shared {
 public:
  explicit Shared(std::uint64_t seed) : chance_(seed), engine_(baton_, options()) {
    stack_ = random_stack(chance_, 0);
    program_ = std::make_unique<Compilation>(stack_.text);
    make_image(engine_.state(), "app:1");
    baton_.refuse_threads(0);
    baton_.add(occurrences_);
  }
  std::unique_ptr<Life> life(const std::string& run, bool up) {
    const std::string folder = folder_.path() + "/" + run;
    std::filesystem::create_directories(folder);
    std::filesystem::create_directories(folder_.path() + "/.cairn");
    plan::RunOptions options;
    options.lanes = {{"engine", chance_.between(1, 6)}, {"pull", 2}, {"jobs", chance_.between(1, 4)}};
    options.chance = [this] { return chance_.unit(); };
    return std::make_unique<Life>(
        LifeSetup{*program_, engine_, baton_, chance_, disk_, folder, run, Forecast{}, 0, up, folder_.path()},
        stages(), options);
  }
  plan::RunGoal stages() const { return plan::RunGoal{program_->nodes_named(stack_.stages)}; }
  const Graph& graph() const { return *program_->compiled.graph; }
  // Services only: an `up` does again what they wait for. A probe by exec is a call that an engine cannot
  // tell from a change.
  bool is_for_up() const {
    const auto has = [&](const char* what) { return stack_.text.find(what) != std::string::npos; };
    return has("  service ") && stack_.stages.size() == 1 && !has("exec([");
  }
  // Nothing runs on: a simulation ends when nothing can happen any more.
  void end_containers() {
    std::vector<std::string> names;
    for (const auto& [id, one] : engine_.state().containers) names.push_back(one->name);
    for (const std::string& name : names) {
      http::Request request{
          .method = "DELETE", .url = "http://docker/containers/" + name + "?force=1", .unix_socket = "s"};
      (void)engine_.answer(request);
    }
  }
  Inventory look() { return inventory(engine_.state(), project); }

  Chance chance_;
  Baton baton_{chance_};
  SimEngine engine_;
  std::vector<std::string> complaints;
  RandomStack stack_;

 private:
  EngineOptions options() {
    EngineOptions options;
    options.pullable = {"far:2"};
    // S14: nobody changes what another run has made.
    options.on_change = [this](const std::string& method, const std::string& path,
                               const std::map<std::string, std::string>& labels, const std::string&) {
      const docker::Identity of = docker::identity_in(docker::Labels(labels.begin(), labels.end()));
      if (Weather::calling != nullptr && !of.run.empty() && !of.keep && of.run != *Weather::calling)
        complaints.push_back(*Weather::calling + ": " + method + " " + path + " of " + of.run);
    };
    return options;
  }
  EngineOccurrences occurrences_{engine_};
  MemoryDisk disk_;
  std::unique_ptr<Compilation> program_;
  TemporaryFolder folder_;
};

TEST(Sharing, TwoRunsAtOnceTouchNothingOfEachOther) {
  setenv("DOCKER_HOST", "unix:///simulated.sock", 1);
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Shared world(seed);
    const std::unique_ptr<Life> one = world.life("20261121-102452-a1b2c3", false),
                                other = world.life("20261121-102453-d4e5f6", false);
    progress::RunFinished first, second;
    bool other_ended = false;
    world.baton_.run([&] {
      world.baton_.start([&] {
        second = other->incarnation.run(world.stages());
        other->threads.wait();
        other_ended = true;
      });
      first = one->incarnation.run(world.stages());
      while (!other_ended) world.baton_.sleep_for(std::chrono::seconds(1), {});
      one->threads.wait();
    });
    EXPECT_EQ(first.exit_code, 0) << "seed " << seed;
    EXPECT_EQ(second.exit_code, 0) << "seed " << seed;
    EXPECT_EQ(world.complaints, std::vector<std::string>()) << "seed " << seed;
    EXPECT_EQ(world.look().ours, std::vector<std::string>()) << "seed " << seed;
    ASSERT_EQ(world.baton_.unfinished(), 0) << "seed " << seed;
  }
}

TEST(Sharing, ASecondUpChangesNothing) {
  setenv("DOCKER_HOST", "unix:///simulated.sock", 1);
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Shared world(seed);
    if (!world.is_for_up()) continue;
    const std::unique_ptr<Life> one = world.life("20261121-102452-a1b2c3", true),
                                other = world.life("20261121-102453-d4e5f6", true);
    progress::RunFinished first, second;
    Inventory between, after;
    world.baton_.run([&] {
      first = one->incarnation.run(plan::UpGoal{});
      one->end(world.engine_);
      between = world.look();
      second = other->incarnation.run(plan::UpGoal{});
      other->end(world.engine_);
      after = world.look();
      world.end_containers();
    });
    EXPECT_EQ(first.exit_code, 0) << "seed " << seed;
    EXPECT_EQ(second.exit_code, 0) << "seed " << seed;
    EXPECT_GT(one->weather.changes(), 0) << "seed " << seed;
    EXPECT_EQ(other->weather.changes(), 0) << "S18, seed " << seed << "\n"
                                           << plan::show(world.graph(), other->incarnation.plan());
    EXPECT_EQ(after.ours, between.ours) << "seed " << seed;
    ASSERT_EQ(world.baton_.unfinished(), 0) << "seed " << seed;
  }
}

}  // namespace
}  // namespace cairn::sim
