#include "runtime/kinds/death_notice.h"

#include <gtest/gtest.h>

#include "tests/fakes/turned_clock.h"

namespace cairn::kinds {
namespace {

class Told final : public execute::DeathWatch {
 public:
  void died(execute::Death death) override { reasons.push_back(death.reason); }
  std::vector<std::string> reasons;
};

class DeathNotices : public testing::Test {
 protected:
  TurnedClock clock;
  std::shared_ptr<Told> told = std::make_shared<Told>();
  DeathNotice notice{clock, told};
  const std::vector<std::string> nothing = {}, death = {"exited 3"};
};

TEST_F(DeathNotices, WaitUntilTheLogIsRead) {
  notice.ended({"exited 3", 3, {}});
  notice.still_reading();
  EXPECT_EQ(told->reasons, nothing);
  notice.log_is_read();
  EXPECT_EQ(told->reasons, death);
}

TEST_F(DeathNotices, WaitForNobodyWhoHasReadAll) {
  notice.still_reading();
  notice.log_is_read();
  EXPECT_EQ(told->reasons, nothing);
  notice.ended({"exited 3", 3, {}});
  EXPECT_EQ(told->reasons, death);
}

TEST_F(DeathNotices, WaitNotForLong) {
  notice.ended({"exited 3", 3, {}});
  clock.turn(DeathNotice::patience - Milliseconds(1));
  notice.still_reading();
  EXPECT_EQ(told->reasons, nothing);
  clock.turn(Milliseconds(1));
  notice.still_reading();
  EXPECT_EQ(told->reasons, death);
}

TEST_F(DeathNotices, AreTakenOnce) {
  notice.ended({"exited 3", 3, {}});
  notice.ended({"exited 4", 4, {}});
  notice.log_is_read();
  notice.log_is_read();
  clock.turn(2 * DeathNotice::patience);
  notice.still_reading();
  EXPECT_EQ(told->reasons, death);
}

}  // namespace
}  // namespace cairn::kinds
