#include "runtime/effects/turn.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "tests/fakes/turned_clock.h"

namespace cairn {
namespace {

TEST(Turn, IsOneAtATimeInTheOrderOfAsking) {
  TurnedClock clock;
  Turn turn;
  std::optional<Turn::Held> first(turn.take(clock, {}));
  std::vector<int> order;
  std::jthread second([&] {
    const Turn::Held held = turn.take(clock, {});
    order.push_back(2);
  });
  clock.wait_for_sleepers(1);
  std::jthread third([&] {
    const Turn::Held held = turn.take(clock, {});
    order.push_back(3);
  });
  clock.wait_for_sleepers(2);
  order.push_back(1);
  first.reset();
  second.join();
  third.join();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Turn, AStopEndsTheWaitAndLeavesTheTurnToOthers) {
  TurnedClock clock;
  Turn turn;
  std::optional<Turn::Held> first(turn.take(clock, {}));
  std::stop_source stop;
  std::atomic<bool> got_it = true;
  std::jthread second([&] { got_it = static_cast<bool>(turn.take(clock, stop.get_token())); });
  clock.wait_for_sleepers(1);
  stop.request_stop();
  second.join();
  EXPECT_FALSE(got_it);
  first.reset();
  EXPECT_TRUE(turn.take(clock, stop.get_token())) << "nobody has it";
}

}  // namespace
}  // namespace cairn
