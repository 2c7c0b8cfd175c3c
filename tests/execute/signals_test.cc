#include "runtime/execute/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <mutex>
#include <semaphore>
#include <vector>

namespace cairn::execute {
namespace {

// Before any test has made a thread, as in the program.
const bool blocked = (block_ending_signals(), true);

TEST(Signals, AreCountedAndTakenOnOneThread) {
  ASSERT_TRUE(blocked);
  std::vector<std::pair<int, int>> taken;
  std::counting_semaphore<8> came(0);
  {
    SignalThread signals([&](int signal, int count) {
      taken.emplace_back(signal, count);
      came.release();
    });
    for (const int signal : {SIGINT, SIGTERM, SIGINT}) {
      kill(getpid(), signal);
      came.acquire();
    }
  }
  EXPECT_EQ(taken, (std::vector<std::pair<int, int>>{{SIGINT, 1}, {SIGTERM, 2}, {SIGINT, 3}}));
}

TEST(Signals, AnIgnoredHangUpStaysIgnored) {
  ASSERT_TRUE(blocked);
  const auto before = std::signal(SIGHUP, SIG_IGN);
  int count = 0;
  std::binary_semaphore came(0);
  {
    SignalThread signals([&](int, int) {
      ++count;
      came.release();
    });
    kill(getpid(), SIGHUP);
    kill(getpid(), SIGTERM);
    came.acquire();
  }
  EXPECT_EQ(count, 1);
  std::signal(SIGHUP, before);
}

}  // namespace
}  // namespace cairn::execute
