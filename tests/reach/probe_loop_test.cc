#include "runtime/reach/probe_loop.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/fakes/turned_clock.h"

namespace cairn::reach {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

class ProbeLoop : public testing::Test {
 protected:
  // Looks that see these one after the other, and the last one for ever.
  Look sees(std::vector<Seen> answers) {
    return [this, answers](const Attempt&) {
      const std::size_t index = std::min(looks_++, answers.size() - 1);
      looked_at_.push_back(clock_.now() - begin_);
      return answers[index];
    };
  }
  Result<Found> probe(const Look& look, const Timing& timing = {}) {
    return probe_until(clock_, "tcp(5432)", look, timing, stop_.get_token(), wake_up_);
  }

  TurnedClock clock_{TurnedClock::Turning::by_itself};
  const Instant begin_ = clock_.now();
  std::size_t looks_ = 0;
  std::vector<Nanoseconds> looked_at_;
  std::stop_source stop_;
  WakeUp wake_up_;
};

const Seen kGood{true, "connected"};
const Seen kBad{false, "connection refused"};

TEST_F(ProbeLoop, LooksAtOnce) {
  const Result<Found> found = probe(sees({kGood}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->looks, 1);
  EXPECT_EQ(found->took, Nanoseconds(0));
  EXPECT_THAT(clock_.sleeps(), ElementsAre());
}

TEST_F(ProbeLoop, PausesGrowWithTheTimeWaitedFromTenMillisecondsToOneSecond) {
  EXPECT_EQ(pause_after({}, {}, {}), Milliseconds(5));
  EXPECT_EQ(pause_after(Milliseconds(250), {}, {}), Milliseconds(5));
  EXPECT_EQ(pause_after(seconds(1), {}, {}), Milliseconds(20));
  EXPECT_EQ(pause_after(seconds(10), {}, {}), Milliseconds(200));
  EXPECT_EQ(pause_after(minutes(10), {}, {}), seconds(1));
  // What is dear to look at is not looked at all the time.
  EXPECT_EQ(pause_after(Milliseconds(250), Milliseconds(70), {}), Milliseconds(70));
  EXPECT_EQ(pause_after(seconds(1), seconds(9), {}), seconds(1));
}

TEST_F(ProbeLoop, IsNeverLateByMoreThanTwoHundredthsOfTheTimeWaited) {
  std::vector<Seen> answers(60, kBad);
  answers.push_back(kGood);
  ASSERT_TRUE(probe(sees(answers)));
  for (std::size_t i = 1; i < looked_at_.size(); ++i)
    EXPECT_LE(looked_at_[i] - looked_at_[i - 1], std::max<Nanoseconds>(Milliseconds(5), looked_at_[i] / 50));
}

TEST_F(ProbeLoop, EveryIsThePause) {
  Timing timing;
  timing.every = seconds(7);
  ASSERT_TRUE(probe(sees({kBad, kBad, kGood}), timing));
  EXPECT_THAT(clock_.sleeps(), ElementsAre(seconds(7), seconds(7)));
}

TEST_F(ProbeLoop, DelayComesBeforeTheFirstLookAndDoesNotCount) {
  Timing timing;
  timing.delay = minutes(5);
  timing.within = seconds(1);
  const Result<Found> found = probe(sees({kBad, kGood}), timing);
  ASSERT_TRUE(found);
  EXPECT_EQ(looked_at_.front(), minutes(5));
  EXPECT_EQ(found->took, Milliseconds(5));
}

TEST_F(ProbeLoop, OutOfTimeSaysWhatWasSeenAndHowOften) {
  const Result<Found> found = probe(sees({{false, "no route to its host"}, kBad}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().message, "tcp(5432) did not succeed within 3m");
  EXPECT_THAT(found.failure().causes, ElementsAre("connection refused, 449 tries in 3m"));
  EXPECT_EQ(found.failure().is, FailureClass::timeout);
}

TEST_F(ProbeLoop, TheLastLookIsWhenTheTimeIsOver) {
  Timing timing;
  timing.within = Milliseconds(12);
  ASSERT_FALSE(probe(sees({kBad}), timing));
  EXPECT_THAT(looked_at_, ElementsAre(Nanoseconds(0), Milliseconds(5), Milliseconds(10), Milliseconds(12)));
}

TEST_F(ProbeLoop, ALookHasADeadline) {
  Timing timing;
  timing.within = seconds(1);
  std::vector<Nanoseconds> deadlines;
  ASSERT_FALSE(probe(
      [&](const Attempt& attempt) {
        deadlines.push_back(attempt.deadline - begin_);
        clock_.turn(Milliseconds(600));
        return kBad;
      },
      timing));
  EXPECT_THAT(deadlines, ElementsAre(seconds(1), Milliseconds(1000 + 250)))
      << "at most what is left, but the last one has a moment";
}

TEST_F(ProbeLoop, StableNeedsGoodLooksInARow) {
  Timing timing;
  timing.stable = 3;
  const Result<Found> found = probe(sees({kGood, kGood, kBad, kGood, kGood, kGood}), timing);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->looks, 6);
  EXPECT_THAT(clock_.sleeps(), ElementsAre(seconds(1), seconds(1), Milliseconds(40), seconds(1), seconds(1)));
}

TEST_F(ProbeLoop, HopelessEndsIt) {
  const Result<Found> found = probe(sees({{false, "it has no healthcheck", true}}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().message, "tcp(5432) cannot succeed");
  EXPECT_EQ(looks_, 1u);
}

TEST_F(ProbeLoop, GivingUpBeforehandNeedsNoLook) {
  wake_up_.give_up(Failure{"`db` exited 137"});
  const Result<Found> found = probe(sees({kGood}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().message, "`db` exited 137");
  EXPECT_EQ(looks_, 0u);
}

TEST_F(ProbeLoop, GivingUpDuringALookEndsTheLookAndWins) {
  const Result<Found> found = probe([&](const Attempt& attempt) {
    wake_up_.give_up(Failure{"`db` exited 137"});
    EXPECT_TRUE(attempt.stop.stop_requested());
    return Seen{false, "cancelled"};
  });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().message, "`db` exited 137");
}

TEST_F(ProbeLoop, StopIsACancel) {
  const Result<Found> found = probe([&](const Attempt& attempt) {
    if (++looks_ == 2) stop_.request_stop();
    EXPECT_EQ(attempt.stop.stop_requested(), looks_ == 2);
    return looks_ == 1 ? kBad : Seen{false, "cancelled"};
  });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.failure().is, FailureClass::cancelled);
  EXPECT_THAT(found.failure().causes, ElementsAre("last seen: connection refused, 2 tries"));
}

// With a clock that stands still, only what wakes a sleeper can bring it to an end.
class SleepingProbe : public testing::Test {
 protected:
  void start(int good_at) {
    prober_ = std::jthread([this, good_at] {
      Timing timing;
      timing.every = hours(1);
      timing.within = hours(24);
      result_ = probe_until(
          clock_, "tcp(1)", [&](const Attempt&) { return ++looks_ >= good_at ? kGood : kBad; }, timing,
          stop_.get_token(), wake_up_);
    });
    clock_.wait_for_sleepers(1);
  }

  TurnedClock clock_;
  std::stop_source stop_;
  WakeUp wake_up_;
  int looks_ = 0;
  Result<Found> result_ = Failure{"not ended"};
  std::jthread prober_;
};

TEST_F(SleepingProbe, LooksAgainWhenToldTo) {
  start(2);
  wake_up_.look_again();
  prober_.join();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->looks, 2);
}

TEST_F(SleepingProbe, GivesUpAtOnce) {
  start(1000);
  wake_up_.give_up(Failure{"`db` exited 1"});
  prober_.join();
  EXPECT_EQ(result_.failure().message, "`db` exited 1");
  EXPECT_EQ(looks_, 1);
}

TEST_F(SleepingProbe, StopsAtOnce) {
  start(1000);
  stop_.request_stop();
  prober_.join();
  EXPECT_EQ(result_.failure().is, FailureClass::cancelled);
}

TEST(WakeUp, ANudgeThatComesBetweenTwoSleepsIsNotLost) {
  WakeUp wake_up;
  wake_up.look_again();
  EXPECT_TRUE(wake_up.next_nudge().stop_requested());
  EXPECT_FALSE(wake_up.next_nudge().stop_requested()) << "one nudge, one look";
}

TEST(ShownDuration, IsAsInAFile) {
  EXPECT_EQ(shown(minutes(3)), "3m");
  EXPECT_EQ(shown(minutes(3) + Milliseconds(12)), "3m");
  EXPECT_EQ(shown(seconds(90)), "1m30s");
  EXPECT_EQ(shown(Milliseconds(250)), "250ms");
  EXPECT_EQ(shown(Milliseconds(2250)), "2s250ms");
  EXPECT_EQ(shown(hours(25)), "1d1h");
  EXPECT_EQ(shown(Nanoseconds(0)), "0s");
}

}  // namespace
}  // namespace cairn::reach
