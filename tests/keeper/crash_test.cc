// H2: whoever is killed with whatever signal, nothing of ours is left, and nothing that is not ours is
// touched.
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>

#include "runtime/keeper/sweep.h"
#include "tests/keeper/keeper_fixture.h"

namespace cairn::keeper {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

class CrashTest : public KeeperTest {
 protected:
  struct Pids {
    pid_t brain = 0, keeper = 0;
    pid_t direct = 0;  // a service
    pid_t child = 0;   // a child of it
    pid_t daemon = 0;  // forked twice, in a session of its own
  };

  // A brain in a process of its own, with two services: the second makes itself a daemon.
  Pids start_brain(Scope scope = Scope::run) {
    const std::string said = fifo("said");
    const pid_t brain = fork();
    if (brain == 0) {
      Result<std::unique_ptr<KeeperSpawner>> keeper = KeeperSpawner::start(setup(scope));
      if (!keeper) _exit(1);
      const Result<Process> service = (*keeper)->spawn(
          shell("sleep 1000 & (setsid sh -c 'sleep 1000 & echo $! >> daemon; echo $PPID >> daemon; "
                "wait' & echo $! >> forked); while ! grep -q . daemon; do :; done; "
                "echo $(pgrep -P $$ -x sleep) $(head -1 daemon) > " +
                said + "; wait"));
      if (!service) _exit(2);
      std::ofstream(folder_ / "pids") << (*keeper)->keeper_pid() << " " << service->pid << std::endl;
      for (;;) pause();
    }
    Pids pids;
    pids.brain = brain;
    std::istringstream(read_line(said)) >> pids.child >> pids.daemon;
    // The service says something only after spawn() has returned to the brain or is about to; the file
    // follows.
    while (std::ifstream(folder_ / "pids") >> pids.keeper >> pids.direct, pids.direct == 0) sched_yield();
    EXPECT_TRUE(runs(pids.child)) << pids.child;
    EXPECT_TRUE(runs(pids.daemon)) << pids.daemon;
    EXPECT_TRUE(runs(pids.direct)) << pids.direct;
    return pids;
  }
  static void kill_and_wait(pid_t pid) {
    kill(pid, SIGKILL);
    wait_for_end_of(pid);
  }
  static void reap(pid_t child) { waitpid(child, nullptr, 0); }
  SweepFilter filter() {
    const KeeperSetup how = setup();
    return {how.project, how.run, how.folder};
  }
  static std::vector<pid_t> running_of(const Pids& pids) {
    std::vector<pid_t> running;
    for (const pid_t pid : {pids.direct, pids.child, pids.daemon}) {
      if (runs(pid)) running.push_back(pid);
    }
    return running;
  }
};

TEST_F(CrashTest, KillingTheBrainEndsEverything) {
  const Pids pids = start_brain();
  kill_and_wait(pids.brain);
  reap(pids.brain);
  wait_for_end_of(pids.keeper);
  EXPECT_THAT(running_of(pids), IsEmpty());
  EXPECT_THAT(left_running(filter()), IsEmpty());
}

TEST_F(CrashTest, KillingTheKeeperKillsItsChildrenAndTheSweepTheRest) {
  const Pids pids = start_brain();
  kill_and_wait(pids.keeper);
  wait_for_end_of(pids.direct);
  EXPECT_FALSE(runs(pids.direct));
  sweep(filter(), std::chrono::seconds(20));
  EXPECT_THAT(running_of(pids), IsEmpty());
  EXPECT_TRUE(runs(pids.brain)) << "a brain carries no marker";
  kill_and_wait(pids.brain);
  reap(pids.brain);
}

TEST_F(CrashTest, KillingBothLeavesWhatTheSweepFinds) {
  const Pids pids = start_brain();
  kill(pids.brain, SIGSTOP);  // so that the two die in the order that is worst
  kill_and_wait(pids.keeper);
  kill_and_wait(pids.brain);
  reap(pids.brain);
  wait_for_end_of(pids.direct);
  EXPECT_TRUE(runs(pids.daemon));
  const Swept swept = sweep(filter(), std::chrono::seconds(20));
  EXPECT_THAT(swept.left, IsEmpty());
  EXPECT_THAT(swept.ended, testing::Contains(pids.daemon));
  EXPECT_THAT(running_of(pids), IsEmpty());
  EXPECT_THAT(left_running(filter()), IsEmpty());
}

TEST_F(CrashTest, SweepTouchesNeitherStrangersNorOtherRuns) {
  const auto start_process = [](std::vector<std::string> environment) {
    std::vector<char*> variables;
    for (std::string& variable : environment) variables.push_back(variable.data());
    variables.push_back(nullptr);
    char* const arguments[] = {const_cast<char*>("sleep"), const_cast<char*>("1000"), nullptr};
    pid_t pid = 0;
    EXPECT_EQ(posix_spawn(&pid, "/bin/sleep", nullptr, nullptr, arguments, variables.data()), 0);
    return pid;
  };
  const KeeperSetup how = setup();
  const pid_t stranger = start_process({"HOME=/"});
  const pid_t other_run = start_process({"CAIRN_PROJECT=" + how.project, "CAIRN_RUN=" + how.run + "0"});
  const pid_t other_project = start_process({"CAIRN_PROJECT=other", "CAIRN_RUN=" + how.run});
  const pid_t look_alike = start_process({"XCAIRN_PROJECT=" + how.project, "TEXT=CAIRN_RUN=" + how.run});
  const pid_t ours = start_process({"CAIRN_PROJECT=" + how.project, "CAIRN_RUN=" + how.run});

  EXPECT_THAT(sweep(filter(), std::chrono::seconds(20)).ended, UnorderedElementsAre(ours));
  reap(ours);
  for (const pid_t pid : {stranger, other_run, other_project, look_alike}) EXPECT_TRUE(runs(pid));

  EXPECT_THAT(sweep({how.project, "", ""}, std::chrono::seconds(20)).ended, UnorderedElementsAre(other_run));
  reap(other_run);
  for (const pid_t pid : {stranger, other_project, look_alike}) {
    EXPECT_TRUE(runs(pid));
    kill(pid, SIGKILL);
    reap(pid);
  }
}

TEST_F(CrashTest, SweepFindsARecordedProcessWithoutEnvironmentButNotOneThatTookItsPid) {
  char* const arguments[] = {const_cast<char*>("sleep"), const_cast<char*>("1000"), nullptr};
  char* const nothing[] = {nullptr};
  pid_t pid = 0;
  ASSERT_EQ(posix_spawn(&pid, "/bin/sleep", nullptr, nullptr, arguments, nothing), 0);
  const std::uint64_t started = facts_of(pid)->start_time;
  const auto record = [&](std::uint64_t start_time, const std::string& boot) {
    folder_.write("processes", "{\"process\":1,\"pid\":" + std::to_string(pid) + ",\"start_time\":" +
                                   std::to_string(start_time) + ",\"boot\":\"" + boot + "\"}\n");
  };
  record(started + 1, boot_id());
  EXPECT_THAT(left_running(filter()), IsEmpty());
  record(started, "another-boot");
  EXPECT_THAT(left_running(filter()), IsEmpty());
  record(started, boot_id());
  EXPECT_THAT(sweep(filter(), std::chrono::seconds(20)).ended, UnorderedElementsAre(pid));
  reap(pid);
}

TEST_F(CrashTest, SweepKillsWhatIgnoresTermination) {
  const auto keeper = start(Scope::up);
  const Result<Process> deaf =
      keeper->spawn(shell("trap '' TERM; echo up > " + fifo("said") + "; while :; do sleep 1000; done"));
  ASSERT_TRUE(deaf);
  read_line(folder_ / "said");
  const Swept swept = sweep(filter(), Nanoseconds(0));
  EXPECT_THAT(swept.left, IsEmpty());
  EXPECT_FALSE(runs(deaf->pid));
  ASSERT_TRUE(keeper->end());
}

}  // namespace
}  // namespace cairn::keeper
