#include "runtime/effects/locks.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "tests/fakes/temporary_folder.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kFirst = "20260304-050607-a1b2c3";
const std::string kSecond = "20260304-050608-000000";

class Locks : public testing::Test {
 protected:
  mode_t mode_of(const std::string& path) {
    struct stat facts {};
    EXPECT_EQ(lstat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 07777;
  }

  TemporaryFolder project_;
  std::string cairn_ = *project_folder(project_.path());
};

TEST_F(Locks, ExclusiveKeepsAllOthersOutAndSaysWhoHoldsIt) {
  Lock held = std::move(*lock_project(cairn_, LockMode::exclusive, "cairn up"));
  for (const LockMode mode : {LockMode::exclusive, LockMode::shared}) {
    const Result<Lock> second = lock_project(cairn_, mode, "cairn run");
    ASSERT_FALSE(second);
    EXPECT_THAT(second.failure().causes.front(), StartsWith("by cairn up (process "));
    EXPECT_TRUE(second.failure().nothing_done);
  }
  held.release();
  EXPECT_TRUE(lock_project(cairn_, LockMode::exclusive, "cairn down"));
}

TEST_F(Locks, SharedLetsSharedIn) {
  const Result<Lock> first = lock_project(cairn_, LockMode::shared, "cairn run");
  const Result<Lock> second = lock_project(cairn_, LockMode::shared, "cairn run");
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(lock_project(cairn_, LockMode::exclusive, "cairn up"));
}

TEST_F(Locks, LookingTakesNothing) {
  const std::string path = project_ / "file";
  EXPECT_FALSE(is_locked(path));
  EXPECT_FALSE(std::filesystem::exists(path));
  Lock held = std::move(*take_lock(path, LockMode::exclusive, "me"));
  EXPECT_TRUE(is_locked(path));
  held.release();
  EXPECT_FALSE(is_locked(path));
}

TEST_F(Locks, ARunIsAliveUntilItsProcessIsKilled) {
  int said[2];
  ASSERT_EQ(pipe(said), 0);
  const pid_t brain = fork();
  if (brain == 0) {
    const Result<RunFolder> run = create_run(cairn_, kFirst);
    if (write(said[1], run ? "y" : "n", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char answer = 0;
  ASSERT_EQ(read(said[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  ASSERT_EQ(runs_of(cairn_).size(), 1u);
  EXPECT_TRUE(runs_of(cairn_)[0].alive);
  const Result<RunFolder> refused = take_over_run(cairn_, kFirst, "cairn clean");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().message, "run `" + kFirst + "` is alive");

  kill(brain, SIGKILL);
  waitpid(brain, nullptr, 0);
  EXPECT_FALSE(runs_of(cairn_)[0].alive);
  EXPECT_TRUE(take_over_run(cairn_, kFirst, "cairn clean"));
  close(said[0]);
  close(said[1]);
}

TEST_F(Locks, ACopyOfTheDescriptorKeepsTheRunAliveAnExecedChildDoesNot) {
  RunFolder run = std::move(*create_run(cairn_, kFirst));
  FileDescriptor keepers(fcntl(run.alive.file(), F_DUPFD_CLOEXEC, 0));
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sleep", "sleep", "1000", nullptr);
    _exit(1);
  }
  run.alive.release();
  EXPECT_TRUE(runs_of(cairn_)[0].alive);
  keepers.close();
  // The child has a copy until its exec, and the kernel lets go of it a moment after that: look until it has.
  for (int looks = 0; looks < 1'000'000 && runs_of(cairn_)[0].alive; ++looks) sched_yield();
  EXPECT_FALSE(runs_of(cairn_)[0].alive);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST_F(Locks, EverythingIsPrivateWhateverTheUmask) {
  const mode_t before = umask(0);
  TemporaryFolder other;
  const std::string cairn = *project_folder(other.path());
  const Result<RunFolder> run = create_run(cairn, kFirst);
  const Result<Lock> lock = lock_project(cairn, LockMode::shared, "me");
  umask(before);
  ASSERT_TRUE(run);
  EXPECT_EQ(mode_of(cairn), 0700u);
  EXPECT_EQ(mode_of(cairn + "/runs"), 0700u);
  EXPECT_EQ(mode_of(run->path), 0700u);
  EXPECT_EQ(mode_of(run->path + "/lock"), 0600u);
  EXPECT_EQ(mode_of(cairn + "/lock"), 0600u);
}

TEST_F(Locks, AFolderThatIsNotOursAloneIsRefused) {
  TemporaryFolder other;
  std::filesystem::create_directory_symlink(cairn_, other / ".cairn");
  Result<std::string> folder = project_folder(other.path());
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.failure().causes, ElementsAre("it is a symbolic link"));

  chmod(cairn_.c_str(), 0755);
  folder = project_folder(project_.path());
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.failure().causes, ElementsAre("others may enter it (mode 0755)"));
  EXPECT_EQ(folder.failure().help, "chmod 700 " + cairn_);
  chmod(cairn_.c_str(), 0700);

  if (geteuid() != 0) GTEST_SKIP() << "only root can make a folder that belongs to somebody else";
  ASSERT_EQ(chown(cairn_.c_str(), 65534, 65534), 0);
  folder = project_folder(project_.path());
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.failure().causes, ElementsAre("it belongs to user 65534, not to you"));
}

TEST_F(Locks, ALockThatIsALinkIsRefused) {
  std::filesystem::create_symlink(project_ / "elsewhere", cairn_ + "/lock");
  EXPECT_FALSE(lock_project(cairn_, LockMode::shared, "me"));
  EXPECT_FALSE(std::filesystem::exists(project_ / "elsewhere"));
}

TEST_F(Locks, RunsAreListedOldestFirst) {
  const Result<RunFolder> second = create_run(cairn_, kSecond);
  { const Result<RunFolder> first = create_run(cairn_, kFirst); }
  std::filesystem::create_directory(cairn_ + "/runs/something-else");
  const std::vector<RunOnDisk> runs = runs_of(cairn_);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].id, kFirst);
  EXPECT_FALSE(runs[0].alive);
  EXPECT_EQ(runs[1].id, kSecond);
  EXPECT_TRUE(runs[1].alive);
}

TEST_F(Locks, ARunIsCreatedOnceAndOnlyARunIsTakenOver) {
  ASSERT_TRUE(create_run(cairn_, kFirst));
  EXPECT_FALSE(create_run(cairn_, kFirst));
  EXPECT_EQ(take_over_run(cairn_, "../..", "me").failure().message, "there is no run `../..`");
  EXPECT_EQ(take_over_run(cairn_, kSecond, "me").failure().help, "`cairn runs` lists them");
}

TEST(RunId, SortsByTime) {
  EXPECT_EQ(new_run_id(1'772'600'767'890, 0xFFFFFFFFFFA1B2C3), "20260304-050607-deb2c3");
  EXPECT_LT(new_run_id(1'772'600'767'999, 0xFFFFFF), new_run_id(1'772'600'768'000, 0));
  EXPECT_LT(new_run_id(1'772'600'767'890, 0xFFFFFF), new_run_id(1'772'600'767'891, 0))
      << "in the same second";
  EXPECT_EQ(short_run_id(kFirst), "a1b2c3");
  EXPECT_TRUE(is_run_id(kFirst));
  for (const char* no :
       {"", "20260304-050607-a1b2c", "20260304-050607-A1B2C3", "20260304x050607-a1b2c3", ".."}) {
    EXPECT_FALSE(is_run_id(no)) << no;
  }
}

TEST(RunId, ComesAfterThoseBeforeIfTheClockWasTurnedBack) {
  const TemporaryFolder folder;
  constexpr std::int64_t now = 1'772'600'767'890, hour = 3'600'000;
  EXPECT_EQ(next_run_id(folder.path(), now, 7), new_run_id(now, 7)) << "there are no runs";
  std::filesystem::create_directories(folder.path() + "/runs/" + new_run_id(now - 1, 0xFFFFFF));
  EXPECT_EQ(next_run_id(folder.path(), now, 7), new_run_id(now, 7));
  for (const std::int64_t jump : {hour, hour, hour + 1}) {
    const std::string before = runs_of(folder.path()).back().id;
    const std::string id = next_run_id(folder.path(), now - jump, 7);
    EXPECT_TRUE(is_run_id(id));
    EXPECT_GT(id, before);
    std::filesystem::create_directories(folder.path() + "/runs/" + id);
  }
  EXPECT_EQ(next_run_id(folder.path(), now + hour, 7), new_run_id(now + hour, 7)) << "and forward again";
}

}  // namespace
}  // namespace cairn
