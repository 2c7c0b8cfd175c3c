// Limits of host processes: for real where this machine gives us a place for control groups, and what is read
// from the kernel and written to it everywhere.
#include <filesystem>

#include "runtime/keeper/cgroups.h"
#include "tests/keeper/keeper_fixture.h"

#include <gmock/gmock.h>

namespace cairn::keeper {
namespace {

using testing::HasSubstr;

ProcessLimits memory(std::uint64_t bytes) {
  ProcessLimits limits;
  limits.memory_bytes = bytes;
  return limits;
}
ProcessLimits processes(std::uint64_t count) {
  ProcessLimits limits;
  limits.processes = count;
  return limits;
}

class Limits : public KeeperTest {
 protected:
  // False: this machine has no place for them.
  bool possible(const ProcessLimits& limits) { return Cgroups::find().missing(limits).empty(); }
};

TEST_F(Limits, OfMemoryKillWhoTakesMore) {
  if (!possible(memory(1))) GTEST_SKIP() << Cgroups::find().missing(memory(1));
  const auto keeper = start();
  SpawnSpec what = spec({"python3", "-c", "b'x' * 200000000"});
  what.limits = memory(16 << 20);
  const Result<Process> process = keeper->spawn(what);
  ASSERT_TRUE(process.ok()) << process.failure().causes.front();
  const Result<Exit> exit = keeper->wait(*process, {});
  ASSERT_TRUE(exit.ok());
  EXPECT_EQ(exit->signal, SIGKILL);
}

TEST_F(Limits, OfProcessesRefuseTheNext) {
  if (!possible(processes(1))) GTEST_SKIP() << Cgroups::find().missing(processes(1));
  const auto keeper = start();
  SpawnSpec what = shell("sleep 600 & sleep 600 & sleep 600 & echo started; wait");
  what.limits = processes(2);
  const Result<Process> process = keeper->spawn(what);
  ASSERT_TRUE(process.ok()) << process.failure().causes.front();
  const Result<Exit> exit = keeper->wait(*process, {});
  ASSERT_TRUE(exit.ok());
  EXPECT_NE(exit->code, 0);
  EXPECT_THAT(err(), HasSubstr("fork"));
}

TEST_F(Limits, LeaveNoGroupBehind) {
  ProcessLimits both = memory(64 << 20);
  both.processes = 20;
  if (!possible(both)) GTEST_SKIP() << Cgroups::find().missing(both);
  pid_t pid = 0;
  {
    const auto keeper = start();
    pid = keeper->keeper_pid();
    SpawnSpec what = shell("true");
    what.limits = both;
    for (int i = 0; i < 3; ++i) {
      const Result<Process> process = keeper->spawn(what);
      ASSERT_TRUE(process.ok()) << process.failure().causes.front();
      ASSERT_TRUE(keeper->wait(*process, {}).ok());
    }
    what.command = {"/nowhere/program"};
    EXPECT_FALSE(keeper->spawn(what).ok());
    ASSERT_TRUE(keeper->end().ok());
  }
  std::vector<std::string> left;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("/sys/fs/cgroup", error))
    if (entry.path().filename().string().starts_with("cairn-" + std::to_string(pid) + "-"))
      left.push_back(entry.path().string());
  EXPECT_THAT(left, testing::IsEmpty());
}

TEST_F(Limits, WithoutAPlaceAreRefused) {
  const auto keeper = start();
  SpawnSpec what = shell("true");
  what.limits = memory(1 << 30);
  if (possible(what.limits)) GTEST_SKIP() << "this machine has a place for them";
  const Result<Process> process = keeper->spawn(what);
  ASSERT_FALSE(process.ok());
  EXPECT_THAT(process.failure().causes.front(), HasSubstr("may make no control group"));
  EXPECT_THAT(process.failure().help, HasSubstr("systemd-run"));
}

// Version 2 as the kernel shows it, in a folder: what is asked of it and in which order cannot be seen here,
// but that it is found, and what is written.
TEST(CgroupsOfVersion2, AreFoundAndWritten) {
  const TemporaryFolder folder;
  const std::string scope = folder / "fs/user.slice/cairn.scope";
  std::filesystem::create_directories(scope);
  folder.write("mountinfo",
               "30 23 0:26 / " + (folder / "fs") + " rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  folder.write("cgroup", "0::/user.slice/cairn.scope\n");
  folder.write("fs/user.slice/cairn.scope/cgroup.procs", "");
  folder.write("fs/user.slice/cairn.scope/cgroup.controllers", "cpu memory\n");
  folder.write("fs/user.slice/cairn.scope/cgroup.subtree_control", "");
  Cgroups cgroups = Cgroups::find(folder.path());
  EXPECT_EQ(cgroups.missing(memory(1)), "");
  EXPECT_EQ(cgroups.missing(processes(1)),
            "this process may make no control group with the controller `pids`");
  // A real group would have its files at once.
  const Result<Cgroup> made = cgroups.make("one", memory(5000));
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.failure().message, HasSubstr("one/memory.max"));
  EXPECT_FALSE(std::filesystem::exists(scope + "/one")) << "nothing is left of it";
  EXPECT_EQ(text_of_file(scope + "/cgroup.subtree_control"), "+memory");
}

TEST(CgroupsOfVersion2, ThatAreNotOursAreNone) {
  const TemporaryFolder folder;
  folder.write("mountinfo", "30 23 0:26 / /nowhere rw - cgroup2 cgroup2 rw\n");
  folder.write("cgroup", "0::/system.slice\n");
  EXPECT_THAT(Cgroups::find(folder.path()).missing(memory(1)), HasSubstr("`memory`"));
  EXPECT_THAT(Cgroups::find(folder / "missing").missing(memory(1)), HasSubstr("`memory`"));
}

}  // namespace
}  // namespace cairn::keeper
