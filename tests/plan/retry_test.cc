#include "runtime/plan/retry.h"

#include <gtest/gtest.h>

#include "runtime/plan/show_time.h"

namespace cairn::plan {
namespace {

using std::chrono::milliseconds;

TEST(RetryDelay, DoublesUpToTheMost) {
  const Retry retry{10, Duration{1000}, Duration{20000}};
  const int expected[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000};
  int ended = 0;
  for (const int milliseconds_then : expected) {
    ++ended;
    EXPECT_EQ(retry_delay(retry, ended, 0.0), milliseconds(milliseconds_then) / 2) << ended;
    EXPECT_LE(retry_delay(retry, ended, 0.999), milliseconds(milliseconds_then)) << ended;
    EXPECT_GE(retry_delay(retry, ended, 0.999), milliseconds(milliseconds_then) * 99 / 100) << ended;
  }
  EXPECT_EQ(retry_delay(retry, 1'000'000, 0.0), milliseconds(10000));
  EXPECT_EQ(retry_delay(Retry{1, Duration{0}, Duration{20000}}, 5, 0.5), milliseconds(0));
}

TEST(ShowTime, IsForPeople) {
  EXPECT_EQ(show_time(milliseconds(0)), "0ms");
  EXPECT_EQ(show_time(milliseconds(250)), "250ms");
  EXPECT_EQ(show_time(milliseconds(10'000)), "10s");
  EXPECT_EQ(show_time(milliseconds(90'000)), "1m30s");
  EXPECT_EQ(show_time(milliseconds(3'600'500)), "1h500ms");
}

}  // namespace
}  // namespace cairn::plan
