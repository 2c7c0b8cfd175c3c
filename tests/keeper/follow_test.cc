// Whoever follows a log is told how far it reaches, and never waits for nothing.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <csignal>

#include "runtime/keeper/log_reader.h"
#include "tests/keeper/keeper_fixture.h"

namespace cairn::keeper {
namespace {

using testing::ElementsAre;

class FollowTest : public KeeperTest {
 protected:
  // All that is said until the log is complete; `heard` is called with each line.
  static std::vector<std::string> follow(Spawner& spawner, const Process& process, const std::string& path,
                                         const std::function<void(const std::string&)>& heard = {}) {
    std::vector<std::string> lines;
    LogReader reader(path, 0);
    for (Spawner::LogEnd end; !end.complete;) {
      Result<Spawner::LogEnd> next = spawner.wait_for_log(process, end.bytes, {});
      if (!next) {
        ADD_FAILURE() << next.failure().message;
        return lines;
      }
      EXPECT_TRUE(next->bytes > end.bytes || next->complete);
      end = *next;
      EXPECT_TRUE(reader.read_to(end.bytes, [&](const LogLineView& line) {
        lines.emplace_back(line.text);
        if (heard) heard(lines.back());
      }));
      EXPECT_EQ(reader.at(), end.bytes) << "the file is never behind what is told";
    }
    return lines;
  }
};

TEST_F(FollowTest, EachLineIsThereBeforeTheProcessSaysTheNext) {
  const auto keeper = start();
  // A pipe for each wait: one that is opened again may still have the writer of before, and is at its end
  // then.
  std::map<std::string, std::string> go = {{"one", fifo("go-one")}, {"two", fifo("go-two")}};
  const Result<Process> process = keeper->spawn(shell(
      "echo one; read line < " + go["one"] + "; echo two >&2; read line < " + go["two"] + "; echo three"));
  ASSERT_TRUE(process);
  const auto lines = follow(*keeper, *process, folder_ / "log", [&](const std::string& line) {
    if (go.contains(line)) std::ofstream(go[line]) << "go\n";
  });
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
  EXPECT_TRUE(keeper->wait(*process, {})->well());
}

TEST_F(FollowTest, TheLogOfASilentProcessIsCompleteWhenItHasEnded) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(shell("true"));
  ASSERT_TRUE(process);
  const Result<Spawner::LogEnd> end = keeper->wait_for_log(*process, 0, {});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->bytes, 0u);
  EXPECT_TRUE(end->complete);
}

TEST_F(FollowTest, ASecondProcessGoesOnWhereTheLogEnded) {
  const auto keeper = start();
  std::uint64_t known = 0;
  for (const std::string text : {"first", "second"}) {
    const Result<Process> process = keeper->spawn(shell("echo " + text));
    ASSERT_TRUE(process);
    ASSERT_TRUE(keeper->wait(*process, {}));
    const Result<Spawner::LogEnd> end = keeper->wait_for_log(*process, known, {});
    ASSERT_TRUE(end);
    LogReader reader(folder_ / "log", known);
    std::vector<std::string> lines;
    ASSERT_TRUE(reader.read_to(end->bytes, [&](const LogLineView& line) { lines.emplace_back(line.text); }));
    EXPECT_THAT(lines, ElementsAre(text));
    known = end->bytes;
  }
}

TEST_F(FollowTest, FollowingEndsWhenItIsStoppedAndWhenTheKeeperIsGone) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(spec({"sleep", "1000"}));
  ASSERT_TRUE(process);
  std::stop_source stop;
  FailureClass is = FailureClass::step;
  std::jthread waiting([&] { is = keeper->wait_for_log(*process, 0, stop.get_token()).failure().is; });
  stop.request_stop();
  waiting.join();
  EXPECT_EQ(is, FailureClass::cancelled);

  std::string message;
  std::jthread bereft([&] { message = keeper->wait_for_log(*process, 0, {}).failure().message; });
  kill(keeper->keeper_pid(), SIGKILL);
  bereft.join();
  EXPECT_EQ(message, "the keeper of host processes is gone");
}

// A terminal can stop the brain at any moment. The keeper goes on reading and writing; what it had to tell is
// told, as one number, when the brain goes on.
TEST_F(FollowTest, ABrainThatStandsStillMissesNothing) {
  const std::string go = fifo("go"), said = fifo("said");
  const pid_t brain = fork();
  if (brain == 0) {
    const auto keeper = start();
    const Result<Process> process =
        keeper->spawn(shell("echo begin; read line < " + go +
                            "; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; done; "
                            "echo all > " +
                            said + "; read line < " + go));
    if (!process) _exit(1);
    const auto lines = follow(*keeper, *process, folder_ / "log", [&](const std::string& line) {
      if (line == "begin") std::ofstream(folder_ / "pids") << getpid() << std::endl;
    });
    _exit(lines.size() == 3001 && lines.back() == "3000" ? 0 : 2);
  }
  pid_t ready = 0;
  while (std::ifstream(folder_ / "pids") >> ready, ready == 0) sched_yield();
  kill(brain, SIGSTOP);
  std::ofstream(go) << "go\n";
  EXPECT_EQ(read_line(said), "all");
  while (out().find("\n3000\n") == std::string::npos) sched_yield();
  kill(brain, SIGCONT);
  std::ofstream(go) << "go\n";
  int status = 0;
  waitpid(brain, &status, 0);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
}

TEST_F(FollowTest, AReaderWaitsForTheEndOfALine) {
  folder_.write("log", "2026-03-04T05:06:07.890Z out | whole\n2026-03-04T05:06:07.890Z out | ha");
  LogReader reader(folder_ / "log", 0);
  std::vector<std::string> lines;
  const auto take = [&](const LogLineView& line) { lines.emplace_back(line.text); };
  ASSERT_TRUE(reader.read_to(1000, take));
  EXPECT_EQ(reader.at(), 37u);
  folder_.write("log", "2026-03-04T05:06:07.890Z out | whole\n2026-03-04T05:06:07.890Z out | half\n");
  ASSERT_TRUE(reader.read_to(1000, take));
  EXPECT_THAT(lines, ElementsAre("whole", "half"));
}

TEST_F(FollowTest, AReaderTakesLinesThatNoPieceHolds) {
  const std::string longest(3 << 20, 'x');
  folder_.write("log", "2026-03-04T05:06:07.890Z out | a\n2026-03-04T05:06:07.890Z out | " + longest +
                           "\n2026-03-04T05:06:07.890Z out | z\n");
  LogReader reader(folder_ / "log", 0);
  std::vector<std::size_t> sizes;
  ASSERT_TRUE(
      reader.read_to(~std::uint64_t{0}, [&](const LogLineView& line) { sizes.push_back(line.text.size()); }));
  EXPECT_THAT(sizes, ElementsAre(1u, longest.size(), 1u));
}

}  // namespace
}  // namespace cairn::keeper
