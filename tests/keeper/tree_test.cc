// How whole trees end, and what stays under `up`.
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "runtime/keeper/packet.h"
#include "runtime/keeper/protocol.h"
#include "runtime/keeper/records.h"
#include "runtime/keeper/sweep.h"
#include "tests/keeper/keeper_fixture.h"

namespace cairn::keeper {
namespace {

using testing::HasSubstr;

pid_t pid_in(const std::string& text) {
  return static_cast<pid_t>(std::stol(text));
}

TEST_F(KeeperTest, WhenTheMainProcessEndsTheRestOfItsTreeIsKilled) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(shell("sleep 1000 & echo $!; exit 6"));
  ASSERT_TRUE(process);
  EXPECT_EQ(keeper->wait(*process, {})->code, 6);
  EXPECT_FALSE(runs(pid_in(out())));
}

TEST_F(KeeperTest, ADaemonInItsOwnSessionIsPartOfTheTree) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(shell("(setsid sh -c 'echo $$ > " + fifo("said") +
                                                      "; exec sleep 1000' &); read pid < said; echo $pid"));
  ASSERT_TRUE(process);
  ASSERT_TRUE(keeper->wait(*process, {}));
  EXPECT_FALSE(runs(pid_in(out())));
}

TEST_F(KeeperTest, OneStepsEndLeavesTheOrphansOfAnother) {
  const auto keeper = start();
  const std::string said = fifo("said");
  // A service whose worker is an orphan of its own session, and a probe that carries the same step's name.
  const Result<Process> service =
      keeper->spawn(shell("(setsid sh -c 'echo $$ > " + said + "; exec sleep 1000' &); exec sleep 1000"));
  ASSERT_TRUE(service);
  const pid_t worker = pid_in(read_line(said));
  const Result<Process> probe = keeper->spawn(shell("true"));
  ASSERT_TRUE(keeper->wait(*probe, {}));
  EXPECT_TRUE(runs(worker));
  ASSERT_TRUE(keeper->kill_tree(*service));
  EXPECT_EQ(keeper->wait(*service, {})->signal, SIGKILL);
  EXPECT_FALSE(runs(worker));
}

TEST_F(KeeperTest, KillTreeKillsWhatIgnoresTermination) {
  const auto keeper = start();
  const std::string said = fifo("said");
  const Result<Process> process = keeper->spawn(
      shell("trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > " + said + "; exec sleep 1000' & wait; wait"));
  ASSERT_TRUE(process);
  const pid_t inner = pid_in(read_line(said));
  ASSERT_TRUE(keeper->signal(*process, SIGTERM));
  EXPECT_TRUE(runs(inner));
  ASSERT_TRUE(keeper->kill_tree(*process));
  EXPECT_EQ(keeper->wait(*process, {})->says(), "was killed by SIGKILL");
  EXPECT_FALSE(runs(inner));
}

TEST_F(KeeperTest, LettingGoOfARunStopsItsProcessesWithTheirOwnSignals) {
  auto keeper = start();
  const std::string said = fifo("said");
  SpawnSpec what = shell("trap 'echo quit; exit 0' QUIT; trap 'echo term' TERM; echo up > " + said +
                         "; while :; do sleep 1000 & wait; done");
  what.stop_signal = SIGQUIT;
  ASSERT_TRUE(keeper->spawn(what));
  read_line(said);
  keeper.reset();
  EXPECT_EQ(out(), "quit\n");
}

TEST_F(KeeperTest, LettingGoOfARunKillsAfterTheGrace) {
  auto keeper = start();
  const std::string said = fifo("said");
  SpawnSpec what = shell("trap '' TERM; echo up > " + said + "; while :; do sleep 1000; done");
  what.grace = Milliseconds(1);
  const Result<Process> process = keeper->spawn(what);
  ASSERT_TRUE(process);
  read_line(said);
  keeper.reset();
  EXPECT_FALSE(runs(process->pid));
  EXPECT_EQ(read_records(folder_ / "processes").front().exit->signal, SIGKILL);
}

TEST_F(KeeperTest, OrphansThatHideTheirOriginEndWithTheRun) {
  auto keeper = start();
  const std::string said = fifo("said");
  // No marker, no session, no parent of ours: only the subreaper still has it.
  const Result<Process> process = keeper->spawn(
      shell("(setsid env -i sh -c 'echo $$ > " + said + "; exec sleep 1000' &); read pid < said; echo $pid"));
  ASSERT_TRUE(process);
  ASSERT_TRUE(keeper->wait(*process, {}));
  const pid_t hidden = pid_in(out());
  keeper.reset();
  EXPECT_FALSE(runs(hidden));
}

TEST_F(KeeperTest, TheRunsLockIsHeldUntilTheKeeperHasEnded) {
  const std::string path = folder_.write("lock", "");
  FileDescriptor lock(open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(flock(lock.number(), LOCK_EX), 0);
  KeeperSetup how = setup(Scope::up);
  how.run_lock = lock.number();
  Result<std::unique_ptr<KeeperSpawner>> keeper = KeeperSpawner::start(how);
  ASSERT_TRUE(keeper);
  lock.close();
  const FileDescriptor other(open(path.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(flock(other.number(), LOCK_EX | LOCK_NB), 0);
  const Result<Process> process = (*keeper)->spawn(shell("echo hello"));
  ASSERT_TRUE((*keeper)->wait(*process, {})) << "children do not inherit it";
  ASSERT_TRUE((*keeper)->end());
  EXPECT_EQ(flock(other.number(), LOCK_EX | LOCK_NB), 0);
}

TEST_F(KeeperTest, UpServicesOutliveTheBrainAndAreFoundAgain) {
  auto first = start(Scope::up);
  const std::string go = fifo("go");
  const Result<Process> service = first->spawn(shell("echo one; read line < go; echo two; exit 8"));
  ASSERT_TRUE(service);
  const pid_t keeper_pid = first->keeper_pid();
  first.reset();
  EXPECT_TRUE(runs(service->pid));

  Result<std::unique_ptr<KeeperSpawner>> second = KeeperSpawner::attach(folder_.path());
  ASSERT_TRUE(second) << second.failure().causes.front();
  EXPECT_EQ((*second)->keeper_pid(), keeper_pid);
  const std::vector<Process> running = (*second)->running();
  ASSERT_EQ(running.size(), 1u);
  EXPECT_EQ(running[0].step, "test.step");
  EXPECT_EQ(running[0].pid, service->pid);
  std::ofstream(go) << "go\n";
  EXPECT_EQ((*second)->wait(running[0], {})->code, 8);
  EXPECT_EQ(out(), "one\ntwo\n") << "what it said while nobody was there is in the log";
  second->reset();
  wait_for_end_of(keeper_pid);  // nothing runs and nobody is attached: it has nothing to keep
  EXPECT_EQ(read_records(folder_ / "processes").front().exit->code, 8);
}

// Whatever happens between its connecting and its first words.
TEST_F(KeeperTest, ABrainThatComesLaterIsGreetedBeforeItIsToldOfAnything) {
  const auto first = start(Scope::up);
  const std::string go = fifo("go");
  const Result<Process> service =
      first->spawn(shell("read line < go; echo two words; read line < go; exit 8"));
  ASSERT_TRUE(service);
  const auto come = [&] {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (folder_ / std::string(kSocketName)).copy(address.sun_path, sizeof address.sun_path - 1);
    FileDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  };
  const auto greeting_of = [](const FileDescriptor& socket) {
    Packet packet;
    EXPECT_EQ(send_packet(socket.number(), encode(Attach{})), 0);
    EXPECT_EQ(receive_packet(socket.number(), packet), Receipt::packet);
    const std::optional<ToBrain> message = decode_to_brain(packet.bytes);
    return message && std::holds_alternative<Ready>(*message)
               ? std::optional(std::get<Ready>(*message).running.size())
               : std::nullopt;
  };
  const FileDescriptor one = come(), other = come();
  std::ofstream(go) << "go\n";
  const Result<Spawner::LogEnd> said = first->wait_for_log(*service, 0, {});
  ASSERT_TRUE(said);
  EXPECT_EQ(greeting_of(one), 1u);
  std::ofstream(go) << "go\n";
  EXPECT_EQ(first->wait(*service, {})->code, 8);
  EXPECT_EQ(greeting_of(other), 0u);
}

TEST_F(KeeperTest, WhatARunWasToKeepOutlivesItsBrain) {
  auto first = start(Scope::run);
  const Result<Process> service = first->spawn(shell("read line < " + fifo("go")));
  ASSERT_TRUE(service);
  const pid_t keeper_pid = first->keeper_pid();
  ASSERT_TRUE(first->let_stay());
  first.reset();
  EXPECT_TRUE(runs(service->pid));
  Result<std::unique_ptr<KeeperSpawner>> second = KeeperSpawner::attach(folder_.path());
  ASSERT_TRUE(second) << second.failure().causes.front();
  EXPECT_EQ((*second)->keeper_pid(), keeper_pid);
  ASSERT_TRUE((*second)->end());
  EXPECT_FALSE(runs(service->pid));
}

TEST_F(KeeperTest, EndStopsAnUpAsWell) {
  auto first = start(Scope::up);
  const Result<Process> service = first->spawn(spec({"sleep", "1000"}));
  ASSERT_TRUE(service);
  const pid_t keeper_pid = first->keeper_pid();
  first.reset();
  Result<std::unique_ptr<KeeperSpawner>> second = KeeperSpawner::attach(folder_.path());
  ASSERT_TRUE(second);
  ASSERT_TRUE((*second)->end());
  wait_for_end_of(keeper_pid);
  EXPECT_FALSE(runs(service->pid));
  EXPECT_EQ(read_records(folder_ / "processes").front().exit->signal, SIGTERM);
}

TEST_F(KeeperTest, AttachingToNoKeeperSaysSo) {
  const Result<std::unique_ptr<KeeperSpawner>> none = KeeperSpawner::attach(folder_.path());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.failure().message, HasSubstr("could not reach the keeper"));
  EXPECT_TRUE(none.failure().nothing_done);
}

TEST_F(KeeperTest, AKeeperThatIsKilledFailsWhoWaits) {
  const auto keeper = start();
  const Result<Process> process = keeper->spawn(spec({"sleep", "1000"}));
  ASSERT_TRUE(process);
  kill(keeper->keeper_pid(), SIGKILL);
  const Result<Exit> exit = keeper->wait(*process, {});
  ASSERT_FALSE(exit);
  EXPECT_EQ(exit.failure().message, "the keeper of host processes is gone");
  wait_for_end_of(process->pid);
  EXPECT_FALSE(runs(process->pid));
  EXPECT_FALSE(keeper->spawn(shell("true")));
}

TEST_F(KeeperTest, AProgramThatIsNoKeeperIsAFailure) {
  KeeperSetup how = setup();
  how.program = "/bin/true";
  const Result<std::unique_ptr<KeeperSpawner>> keeper = KeeperSpawner::start(how);
  ASSERT_FALSE(keeper);
  EXPECT_EQ(keeper.failure().message, "could not start the keeper of host processes");
}

}  // namespace
}  // namespace cairn::keeper
