#include "runtime/execute/companion.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace cairn::execute {
namespace {

class NoThreads final : public Threads {
 public:
  bool start(std::function<void()>) override { return false; }
};

TEST(Companion, WorksUntilItIsAskedToStop) {
  const std::unique_ptr<Threads> threads = real_threads();
  std::atomic<int> ended = 0;
  {
    Companion companion(*threads, real_clock());
    const auto work = [&](std::stop_token stop) {
      real_clock().sleep_until(Instant::max(), stop);
      ++ended;
    };
    ASSERT_TRUE(companion.start(work));
    companion.end();
    EXPECT_EQ(ended, 1);
    companion.end();  // nothing is left to end
    ASSERT_TRUE(companion.start(work));
  }
  EXPECT_EQ(ended, 2) << "its end ends the work";
}

TEST(Companion, MayBeWaitedForByTwo) {
  const std::unique_ptr<Threads> threads = real_threads();
  Companion companion(*threads, real_clock());
  ASSERT_TRUE(companion.start([](std::stop_token stop) { real_clock().sleep_until(Instant::max(), stop); }));
  std::jthread other([&] { companion.wait(); });
  companion.end();
  other.join();
  EXPECT_FALSE(companion.busy());
}

TEST(Companion, SaysThatThereAreNoMoreThreads) {
  NoThreads threads;
  Companion companion(threads, real_clock());
  EXPECT_FALSE(companion.start([](std::stop_token) {}));
  companion.wait();
}

}  // namespace
}  // namespace cairn::execute
