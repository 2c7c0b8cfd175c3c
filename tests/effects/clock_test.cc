#include "runtime/effects/clock.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/fakes/turned_clock.h"

namespace cairn {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(RealClock, SleepEndsAtOnceWhenStopIsRequested) {
  std::stop_source stop;
  bool reached = true;
  std::jthread sleeper([&] { reached = real_clock().sleep_for(hours(24), stop.get_token()); });
  stop.request_stop();
  sleeper.join();
  EXPECT_FALSE(reached);
}

TEST(RealClock, SleepReachesItsTime) {
  const Instant when = real_clock().now() + Milliseconds(2);
  EXPECT_TRUE(real_clock().sleep_until(when, {}));
  EXPECT_GE(real_clock().now(), when);
}

TEST(RealClock, SleepIntoThePastReturnsTrue) {
  EXPECT_TRUE(real_clock().sleep_until(real_clock().now() - seconds(1), {}));
}

TEST(RealClock, WallClockIsInThisCentury) {
  EXPECT_GT(real_clock().wall_clock_ms(), 1'600'000'000'000);
}

TEST(TurnedClock, WakesSleepersInTheOrderOfTheirTimes) {
  TurnedClock clock;
  std::vector<int> woken;
  const Instant start = clock.now();
  std::jthread late([&] { clock.sleep_until(start + seconds(20), {}), woken.push_back(20); });
  std::jthread early([&] { clock.sleep_until(start + seconds(10), {}), woken.push_back(10); });
  clock.wait_for_sleepers(2);
  clock.turn_to_next_wake_up();
  early.join();
  EXPECT_EQ(clock.now(), start + seconds(10));
  clock.turn_to_next_wake_up();
  late.join();
  EXPECT_EQ(woken, (std::vector<int>{10, 20}));
}

TEST(TurnedClock, StopEndsASleep) {
  TurnedClock clock;
  std::stop_source stop;
  bool reached = true;
  std::jthread sleeper([&] { reached = clock.sleep_for(seconds(5), stop.get_token()); });
  clock.wait_for_sleepers(1);
  stop.request_stop();
  sleeper.join();
  EXPECT_FALSE(reached);
}

TEST(TurnedClock, TurningByItselfJumpsToTheEndOfEachSleep) {
  TurnedClock clock(TurnedClock::Turning::by_itself);
  const Instant start = clock.now();
  EXPECT_TRUE(clock.sleep_for(hours(3), {}));
  EXPECT_EQ(clock.now() - start, hours(3));
  EXPECT_EQ(clock.sleeps(), std::vector<Nanoseconds>{hours(3)});
}

}  // namespace
}  // namespace cairn
