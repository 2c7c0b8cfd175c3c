// The keeper with real processes: what a child is given, how it ends, what is told about it.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <thread>

#include "runtime/keeper/records.h"
#include "tests/keeper/keeper_fixture.h"

namespace cairn::keeper {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Exit run(Spawner& spawner, const SpawnSpec& spec) {
  const Result<Process> process = spawner.spawn(spec);
  if (!process) {
    ADD_FAILURE() << process.failure().message << ": " << process.failure().causes.front();
    return {};
  }
  return *spawner.wait(*process, {});
}

TEST_F(KeeperTest, TellsTheExitCode) {
  const auto keeper = start();
  EXPECT_EQ(run(*keeper, shell("exit 0")).says(), "exited 0");
  EXPECT_EQ(run(*keeper, shell("exit 37")).code, 37);
}

TEST_F(KeeperTest, TellsTheSignal) {
  const auto keeper = start();
  const Exit exit = run(*keeper, shell("kill -SEGV $$"));
  EXPECT_EQ(exit.says(), "was killed by SIGSEGV");
  EXPECT_EQ(exit.shell_code(), 139);
  EXPECT_FALSE(exit.well());
}

TEST_F(KeeperTest, LogHasBothStreamsWhenWaitReturns) {
  const auto keeper = start();
  run(*keeper, shell("echo one; echo two >&2; printf 'half a line'"));
  EXPECT_EQ(out(), "one\nhalf a line");
  EXPECT_EQ(err(), "two\n");
}

TEST_F(KeeperTest, OutputThatOneReadDoesNotHoldIsWholeInTheLog) {
  const auto keeper = start();
  run(*keeper, shell("seq 1 200000"));
  std::string expected;
  for (int i = 1; i <= 200000; ++i) expected += std::to_string(i) + "\n";
  EXPECT_TRUE(out() == expected);
}

TEST_F(KeeperTest, TailIsTheEndOfTheOutput) {
  const auto keeper = start();
  SpawnSpec what = shell("seq 1 1000");
  what.log_file.clear();
  what.tail_bytes = 10;
  EXPECT_EQ(run(*keeper, what).tail, "\n999\n1000\n");
}

TEST_F(KeeperTest, MaskedValuesReachNeitherLogNorTail) {
  const auto keeper = start();
  SpawnSpec what = shell("echo the password is $PASSWORD");
  what.environment.push_back({"PASSWORD", Text("correct-horse", true)});
  what.masked = {Text("correct-horse", true)};
  what.tail_bytes = 100;
  EXPECT_EQ(run(*keeper, what).tail, "the password is ***\n");
  EXPECT_EQ(out(), "the password is ***\n");
}

// H3: nothing of the keeper's or the brain's is inherited.
TEST_F(KeeperTest, ChildHasTheFiles0And1And2Alone) {
  const int leaked = open("/dev/null", O_RDWR);  // without O_CLOEXEC, as a careless library would
  const auto keeper = start();
  run(*keeper, spec({"ls", "/proc/self/fd"}));
  close(leaked);
  EXPECT_EQ(out(), "0\n1\n2\n3\n") << "3 is ls's own, of the folder that it lists";
}

// E14: the brain blocks signals for its sigwait thread, and ignores SIGPIPE.
TEST_F(KeeperTest, ChildHasNoBlockedAndNoIgnoredSignals) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto previous = signal(SIGPIPE, SIG_IGN);
  const auto keeper = start();
  run(*keeper, spec({"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}));
  signal(SIGPIPE, previous);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(out(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

// H4.
TEST_F(KeeperTest, SignalReachesAHandlerInTheChild) {
  const std::string said = fifo("said");
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(shell("trap 'echo terminated; exit 5' TERM; echo up > " +
                                                      said + "; while :; do sleep 1000 & wait; done"));
  ASSERT_TRUE(process);
  EXPECT_EQ(read_line(said), "up");
  ASSERT_TRUE(keeper->signal(*process, SIGTERM));
  EXPECT_EQ(keeper->wait(*process, {})->code, 5);
  EXPECT_EQ(out(), "terminated\n");
}

TEST_F(KeeperTest, ChildHasAnOwnSessionAndTheMarkers) {
  const auto keeper = start();
  SpawnSpec what = shell("env | sort; ps -o sid= -p $$ | tr -d ' '; echo $$");
  what.environment.push_back({"CAIRN_RUN", Text("forged")});
  run(*keeper, what);
  const std::string run_id = setup().run;
  EXPECT_THAT(out(), HasSubstr("CAIRN_PROCESS=1\nCAIRN_PROJECT=" + setup().project + "\nCAIRN_RUN=" + run_id +
                               "\nCAIRN_STEP=test.step\n"));
  const std::string text = out();
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  EXPECT_EQ(lines[lines.size() - 2], lines[lines.size() - 1]);
}

TEST_F(KeeperTest, ChildHasTheLimitsThatCairnStartedWith) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  KeeperSetup how = setup();
  for (OriginalLimit& limit : how.limits) {
    if (limit.resource == static_cast<int>(RLIMIT_NOFILE)) limit.soft = 321;
  }
  Result<std::unique_ptr<KeeperSpawner>> keeper = KeeperSpawner::start(how);
  ASSERT_TRUE(keeper);
  run(**keeper, shell("ulimit -Sn"));
  EXPECT_EQ(out(), "321\n");
}

TEST_F(KeeperTest, StdinIsTheInputOrEmpty) {
  const auto keeper = start();
  run(*keeper, spec({"cat"}));
  EXPECT_EQ(out(), "");
  SpawnSpec what = spec({"cat"});
  what.input = Text("hello\n");
  run(*keeper, what);
  EXPECT_EQ(out(), "hello\n");
}

// A SEQPACKET socket carries about 200 KiB at once; these go by memory file.
TEST_F(KeeperTest, LargeInputEnvironmentAndArgumentsArrive) {
  const auto keeper = start();
  SpawnSpec what = shell("wc -c; echo ${#FIRST} ${#SECOND} ${#1}");
  what.command.insert(what.command.end(), {"sh", std::string(100'000, 'c')});
  what.environment.push_back({"FIRST", Text(std::string(120'000, 'a'))});
  what.environment.push_back({"SECOND", Text(std::string(120'000, 'b'))});
  what.input = Text(std::string(5'000'000, 'i'));
  run(*keeper, what);
  EXPECT_EQ(out(), "5000000\n120000 120000 100000\n");
}

TEST_F(KeeperTest, EmptyAndBinaryValuesArriveAsTheyAre) {
  const auto keeper = start();
  SpawnSpec what = shell("printf %s \"$BYTES\" | od -An -tx1; printf '[%s]' \"$EMPTY\"");
  what.environment.push_back({"BYTES", Text("\xff\xfe=\n")});
  what.environment.push_back({"EMPTY", Text("")});
  run(*keeper, what);
  EXPECT_EQ(out(), " ff fe 3d 0a\n[]");
}

TEST_F(KeeperTest, AProgramThatIsNotThereIsNamed) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(spec({"no-such-program"}));
  ASSERT_FALSE(process);
  EXPECT_EQ(process.failure().message, "could not start `test.step`");
  EXPECT_THAT(process.failure().causes, ElementsAre("no program `no-such-program` in PATH (/usr/bin:/bin)"));
  EXPECT_TRUE(process.failure().nothing_done);
  const auto records = read_records(folder_ / "processes");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_TRUE(records[0].failed);
}

TEST_F(KeeperTest, EachPlaceWhereAStartFailsIsNamed) {
  const auto keeper = start();
  const auto cause = [&](const SpawnSpec& what) {
    const Result<Process> process = keeper->spawn(what);
    return process ? std::string("it started") : process.failure().causes.front();
  };
  SpawnSpec what = shell("true");
  what.working_dir = folder_ / "gone";
  EXPECT_EQ(cause(what), "its working folder `" + folder_.path() + "/gone`: No such file or directory");
  what = shell("true");
  what.log_file = folder_ / "gone/log";
  EXPECT_EQ(cause(what), "its log `" + folder_.path() + "/gone/log`: No such file or directory");
  folder_.write("text", "echo hello\n");
  EXPECT_EQ(cause(spec({"./text"})), "`./text` may not be executed");
  chmod((folder_ / "text").c_str(), 0755);
  EXPECT_EQ(cause(spec({"./text"})), "`./text` is no program of this machine");
  EXPECT_THAT(cause(spec({"echo", std::string(200'000, 'x')})), HasSubstr("E2BIG"));
  EXPECT_EQ(run(*keeper, shell("exit 4")).code, 4) << "the keeper goes on";
}

TEST_F(KeeperTest, WaitEndsAtItsDeadlineAndLeavesTheProcess) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(spec({"sleep", "1000"}));
  ASSERT_TRUE(process);
  const Result<Exit> exit = keeper->wait(*process, {}, real_clock().now());
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.failure().is, FailureClass::timeout);
  EXPECT_TRUE(runs(process->pid));
}

TEST_F(KeeperTest, WaitEndsWhenItIsStopped) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(spec({"sleep", "1000"}));
  ASSERT_TRUE(process);
  std::stop_source stop;
  FailureClass is = FailureClass::step;
  std::jthread waiting([&] { is = keeper->wait(*process, stop.get_token()).failure().is; });
  stop.request_stop();
  waiting.join();
  EXPECT_EQ(is, FailureClass::cancelled);
}

TEST_F(KeeperTest, WhoWatchesIsToldOnce) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(shell("read line < " + fifo("go") + "; exit 9"));
  ASSERT_TRUE(process);
  int told_before = 0, told_after = 0;
  keeper->when_ended(*process, [&](const Exit& exit) { told_before += exit.code; });
  std::ofstream(folder_ / "go") << "go\n";
  ASSERT_TRUE(keeper->wait(*process, {}));
  keeper->when_ended(*process, [&](const Exit& exit) { told_after += exit.code; });
  EXPECT_EQ(told_after, 9);
  EXPECT_TRUE(keeper->end());
  EXPECT_EQ(told_before, 9);
}

// E1: the thread that starts a service ends, the service does not.
TEST_F(KeeperTest, AServiceOutlivesTheThreadThatStartedIt) {
  const auto keeper = start();
  Process service;
  std::jthread([&] { service = *keeper->spawn(spec({"sleep", "1000"})); }).join();
  EXPECT_TRUE(run(*keeper, shell("true")).well());
  EXPECT_TRUE(runs(service.pid));
}

TEST_F(KeeperTest, ManyThreadsSpawnAndWaitAtOnce) {
  const auto keeper = start();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 25; ++k) {
        SpawnSpec what = shell("exit " + std::to_string(i * 25 + k));
        what.log_file.clear();
        EXPECT_EQ(run(*keeper, what).code, i * 25 + k);
      }
    });
  }
}

TEST_F(KeeperTest, RecordsSayWhatRanAndHowItEnded) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(shell("read line < " + fifo("go") + "; exit 3"));
  ASSERT_TRUE(process);
  std::vector<RecordedProcess> records = read_records(folder_ / "processes");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].step, "test.step");
  ASSERT_TRUE(records[0].started);
  EXPECT_EQ(records[0].started->pid, process->pid);
  EXPECT_EQ(records[0].started->start_time, facts_of(process->pid)->start_time);
  EXPECT_EQ(records[0].boot, boot_id());
  EXPECT_FALSE(records[0].exit);
  std::ofstream(folder_ / "go") << "go\n";
  ASSERT_TRUE(keeper->wait(*process, {}));
  records = read_records(folder_ / "processes");
  ASSERT_TRUE(records[0].exit);
  EXPECT_EQ(records[0].exit->code, 3);
  struct stat facts {};
  ASSERT_EQ(stat((folder_ / "processes").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace cairn::keeper
