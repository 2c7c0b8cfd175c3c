// The fake has to keep the promises of spawner.h, or what is tested with it means nothing.
#include "tests/fakes/fake_spawner.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/fakes/turned_clock.h"

namespace cairn::keeper {
namespace {

using testing::ElementsAre;

SpawnSpec step(const std::string& name) {
  SpawnSpec spec;
  spec.step = name;
  spec.command = {"true"};
  return spec;
}

TEST(FakeSpawner, WaitReturnsWhatTheTestEndedItWith) {
  TurnedClock clock;
  FakeSpawner spawner(clock);
  const Result<Process> process = spawner.spawn(step("a"));
  int told = 0;
  spawner.when_ended(*process, [&](const Exit& exit) { told = exit.code; });
  std::jthread waiting([&] { EXPECT_EQ(spawner.wait(*process, {})->code, 7); });
  EXPECT_EQ(spawner.end("a", Exit{7, 0, {}}), 1);
  waiting.join();
  EXPECT_EQ(told, 7);
}

TEST(FakeSpawner, WaitEndsAtTheClocksDeadline) {
  TurnedClock clock;
  FakeSpawner spawner(clock);
  const Result<Process> process = spawner.spawn(step("a"));
  std::jthread waiting([&] {
    EXPECT_EQ(spawner.wait(*process, {}, clock.now() + Milliseconds(5)).failure().is, FailureClass::timeout);
  });
  clock.wait_for_sleepers(1);
  clock.turn(Milliseconds(5));
}

TEST(FakeSpawner, EndsBeforeTheDeadlineWhenTheProcessDoes) {
  TurnedClock clock;
  FakeSpawner spawner(clock);
  const Result<Process> process = spawner.spawn(step("a"));
  std::jthread waiting(
      [&] { EXPECT_EQ(spawner.wait(*process, {}, clock.now() + Milliseconds(5))->signal, SIGTERM); });
  clock.wait_for_sleepers(1);
  ASSERT_TRUE(spawner.signal(*process, SIGTERM));
  waiting.join();
  EXPECT_THAT(spawner.log(), ElementsAre("spawn a", "signal a TERM"));
}

}  // namespace
}  // namespace cairn::keeper
