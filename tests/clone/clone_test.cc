// Each method on a real file system that is made here and gone afterwards. Needs root for the mounts.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "runtime/clone/loop_mount.h"
#include "runtime/clone/pool.h"
#include "tests/fakes/must.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn::clone {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

std::string described(const Failure& failure) {
  std::string text = failure.message;
  for (const std::string& cause : failure.causes) text += " | " + cause;
  return text + " # " + failure.help;
}

std::string noise(std::size_t bytes, std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(engine());
  return text;
}

void put(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
}

// A tree with everything that a data folder may have.
void make_seed(const std::string& root) {
  fs::create_directories(root + "/base/1");
  put(root + "/base/1/large", noise(3 << 20, 1));
  for (int i = 0; i < 40; ++i)
    put(root + "/base/1/" + std::to_string(i),
        noise(20000 + 100 * static_cast<std::size_t>(i), static_cast<std::uint32_t>(i)));
  put(root + "/empty", "");
  {
    std::ofstream sparse(root + "/sparse", std::ios::binary);
    sparse.seekp(50 << 20);
    sparse << "end";
  }
  fs::create_symlink("base/1/large", root + "/relative-link");
  fs::create_symlink("/nowhere/at/all", root + "/dangling");
  fs::create_hard_link(root + "/base/1/0", root + "/base/hard");
  ASSERT_EQ(mkfifo((root + "/fifo").c_str(), 0640), 0);
  setxattr((root + "/base/1/1").c_str(), "user.origin", "seed", 4, 0);
  if (geteuid() == 0) {
    ASSERT_EQ(chown((root + "/base").c_str(), 999, 998), 0);
    ASSERT_EQ(chown((root + "/base/1/2").c_str(), 999, 998), 0);
  }
  ASSERT_EQ(chmod((root + "/base").c_str(), 0700), 0);
  ASSERT_EQ(chmod((root + "/base/1/3").c_str(), 0400), 0);
  const timespec times[2] = {{1000000000, 5}, {1234567890, 123456789}};
  ASSERT_EQ(utimensat(AT_FDCWD, (root + "/base/1").c_str(), times, 0), 0);
}

// What the machine has mounted: the same before and after.
class Cloning : public testing::Test {
 protected:
  void SetUp() override { before_ = mounted(); }
  void TearDown() override {
    for (const std::string& where : {folder_ / "pools/p", folder_ / "ext4"}) {
      const Result<> gone = unmount(where, real_clock(), {});
      EXPECT_TRUE(gone.ok()) << described(gone.failure());
    }
    EXPECT_EQ(mounted(), before_);
    for (const auto& device : fs::directory_iterator("/sys/block")) {
      std::ifstream file(device.path() / "loop/backing_file");
      std::string image;
      std::getline(file, image);
      EXPECT_THAT(image, testing::Not(HasSubstr(folder_.path())));
    }
  }
  static std::vector<std::string> mounted() {
    std::vector<std::string> all;
    for (const MountPoint& point : mount_points()) {
      if (point.where.find("cairn-test-") != std::string::npos) continue;  // other tests run beside this one
      if (!point.image.empty()) all.push_back(point.where + " " + point.image);
    }
    return all;
  }
  bool may() {
    const Result<> allowed = may_mount();
    if (!allowed.ok()) reason_ = described(allowed.failure());
    return allowed.ok();
  }
  Pool pool(const std::string& type) {
    return must(create_pool(
        {.folder = folder_ / "pools", .name = "p", .type = type, .size = std::uint64_t{1} << 30}));
  }

  TemporaryFolder folder_;
  std::string reason_;
  std::vector<std::string> before_;
};

TEST_F(Cloning, CopiesEverythingAFolderHas) {
  make_seed(folder_ / "seed");
  fs::create_directories(folder_ / "out");
  const Cloned cloned = must(clone_tree(folder_ / "seed", folder_ / "out/clone", Method::copy, {}));
  EXPECT_EQ(cloned.files, 43u);
  EXPECT_EQ(must(hash_of_tree(folder_ / "out/clone")), must(hash_of_tree(folder_ / "seed")));
  struct stat sparse {
  }, first{}, second{};
  ASSERT_EQ(stat((folder_ / "out/clone/sparse").c_str(), &sparse), 0);
  EXPECT_LT(sparse.st_blocks * 512, 1 << 20) << "holes stay holes";
  stat((folder_ / "out/clone/base/1/0").c_str(), &first);
  stat((folder_ / "out/clone/base/hard").c_str(), &second);
  EXPECT_EQ(first.st_ino, second.st_ino) << "hard links stay hard links";
}

TEST_F(Cloning, RefusesDevicesAndTargetsInsideTheSource) {
  fs::create_directories(folder_ / "seed/inner");
  const Result<Cloned> inside = clone_tree(folder_ / "seed", folder_ / "seed/inner/clone", Method::copy, {});
  ASSERT_FALSE(inside.ok());
  EXPECT_THAT(described(inside.failure()), HasSubstr("the target lies inside the source"));
  if (mknod((folder_ / "seed/null").c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0)
    GTEST_SKIP() << "mknod needs root";
  const Result<Cloned> device = clone_tree(folder_ / "seed", folder_ / "clone", Method::copy, {});
  ASSERT_FALSE(device.ok());
  EXPECT_THAT(described(device.failure()), HasSubstr("it is a device, which is not data"));
  EXPECT_FALSE(fs::exists(folder_ / "clone")) << "what was begun is gone";
}

TEST_F(Cloning, SaysThatSomethingIsThereAlready) {
  fs::create_directories(folder_ / "seed");
  fs::create_directories(folder_ / "there");
  EXPECT_THAT(described(clone_tree(folder_ / "seed", folder_ / "there", Method::copy, {}).failure()),
              HasSubstr("something is there already"));
}

TEST_F(Cloning, RefusesToOverwriteWhatIsInUse) {
  fs::create_directories(folder_ / "seed");
  fs::create_directories(folder_ / "data");
  put(folder_ / "seed/a", "new");
  put(folder_ / "data/b", "old");
  {
    std::ifstream held(folder_ / "data/b");
    const Result<Cloned> refused = overwrite_tree(folder_ / "seed", folder_ / "data", Method::copy, {});
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(described(refused.failure()), HasSubstr("it is in use by test_clone ("));
    EXPECT_EQ(text_of_file(folder_ / "data/b"), "old");
  }
  must(overwrite_tree(folder_ / "seed", folder_ / "data", Method::copy, {}));
  EXPECT_EQ(text_of_file(folder_ / "data/a"), "new");
  EXPECT_FALSE(fs::exists(folder_ / "data/b"));
}

TEST_F(Cloning, AnOverwriteThatFailsHasNotBegun) {
  fs::create_directories(folder_ / "seed");
  fs::create_directories(folder_ / "data");
  put(folder_ / "data/b", "old");
  put(folder_ / "seed/a", "new");
  if (mknod((folder_ / "seed/null").c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0)
    GTEST_SKIP() << "mknod needs root";
  const Result<Cloned> refused = overwrite_tree(folder_ / "seed", folder_ / "data", Method::copy, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.failure().nothing_done);
  EXPECT_EQ(text_of_file(folder_ / "data/b"), "old");
  EXPECT_FALSE(fs::exists(folder_ / "data/a"));
  EXPECT_FALSE(fs::exists(beside(folder_ / "data")));
}

// What is killed in the middle of copying leaves the target old and something beside it, which the next one
// takes away.
TEST_F(Cloning, AnOverwriteThatIsKilledLeavesTheTargetOld) {
  fs::create_directories(folder_ / "seed");
  fs::create_directories(folder_ / "data");
  put(folder_ / "data/b", "old");
  const std::string large = noise(1 << 20, 3);
  for (int i = 0; i < 60; ++i) put(folder_ / ("seed/" + std::to_string(i)), large);
  const pid_t child = fork();
  if (child == 0) {
    (void)overwrite_tree(folder_ / "seed", folder_ / "data", Method::copy, {});
    std::_Exit(0);
  }
  while (!fs::exists(beside(folder_ / "data") + "/0")) std::this_thread::yield();
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(text_of_file(folder_ / "data/b"), "old");
  EXPECT_TRUE(fs::exists(beside(folder_ / "data")));
  must(overwrite_tree(folder_ / "seed", folder_ / "data", Method::copy, {}));
  EXPECT_EQ(must(hash_of_tree(folder_ / "data")), must(hash_of_tree(folder_ / "seed")));
  EXPECT_FALSE(fs::exists(beside(folder_ / "data")));
}

TEST_F(Cloning, AMountPointIsOverwrittenInPlace) {
  if (!may()) GTEST_SKIP() << reason_;
  std::ofstream(folder_ / "ext4.img") << "";
  fs::resize_file(folder_ / "ext4.img", 64 << 20);
  ASSERT_TRUE(make_file_system(folder_ / "ext4.img", "ext4").ok());
  must(mount_image(folder_ / "ext4.img", folder_ / "ext4"));
  put(folder_ / "ext4/old", "old");
  fs::create_directories(folder_ / "seed");
  put(folder_ / "seed/a", "new");
  must(overwrite_tree(folder_ / "seed", folder_ / "ext4", Method::copy, {}));
  EXPECT_EQ(must(hash_of_tree(folder_ / "ext4")), must(hash_of_tree(folder_ / "seed")));
}

TEST_F(Cloning, AnExt4FallsBackToCopyAndSaysWhy) {
  if (!may()) GTEST_SKIP() << reason_;
  {
    std::ofstream image(folder_ / "ext4.img");
    image.seekp(64 << 20);
    image << '\0';
  }
  ASSERT_TRUE(make_file_system(folder_ / "ext4.img", "ext4").ok());
  must(mount_image(folder_ / "ext4.img", folder_ / "ext4"));
  fs::create_directories(folder_ / "ext4/seed");
  const Choice choice = must(probe_method(folder_ / "ext4/seed", folder_ / "ext4"));
  EXPECT_EQ(choice.method, Method::copy);
  EXPECT_THAT(choice.why, HasSubstr("cannot share extents"));
  EXPECT_THAT(must(probe_method(folder_ / "ext4/seed", folder_.path())).why,
              HasSubstr("different file systems"));
}

class InAPool : public Cloning, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Types, InAPool, testing::Values("xfs", "btrfs"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(InAPool, ClonesShareWhatIsEqual) {
  if (!may()) GTEST_SKIP() << reason_;
  const Pool made = pool(GetParam());
  EXPECT_TRUE(made.mounted);
  EXPECT_EQ(made.type, GetParam());
  make_seed(folder_ / "seed");
  const std::string target = clone_path(made, "shop", "a1b2c3d4", "data-0");
  EXPECT_THAT(target, testing::EndsWith("/pools/p/shop/a1b2c3-data-0"));
  const Cloned cloned = must(clone_into(made, folder_ / "seed", target, {}));
  EXPECT_EQ(cloned.method, Method::copy) << "it comes from outside";
  const std::string shared = clone_path(made, "shop", "a1b2c3d4", "data-1");
  const Method without_copying = std::string(GetParam()) == "xfs" ? Method::reflink : Method::snapshot;
  EXPECT_EQ(must(clone_into(made, target, shared, {})).method, without_copying);
  EXPECT_TRUE(lies_in(made, target));
  EXPECT_FALSE(lies_in(made, folder_ / "seed"));
  EXPECT_EQ(must(hash_of_tree(target)), must(hash_of_tree(folder_ / "seed")));
  const Usage usage = must(usage_of_tree(target));
  EXPECT_GT(usage.shared, 3u << 20);
  EXPECT_EQ(must(hash_of_tree(shared)), must(hash_of_tree(folder_ / "seed")));
  ASSERT_EQ(clones_in(made).size(), 2u);
  EXPECT_EQ(clones_in(made)[1].node, "data-1");
  EXPECT_EQ(clones_in(made)[1].run, "a1b2c3");

  const Result<> refused = remove_pool(folder_ / "pools", "p", false, real_clock(), {});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(described(refused.failure()), HasSubstr("2 clones are in it"));
  for (const PoolClone& clone : clones_in(made)) ASSERT_TRUE(remove_tree(clone.path).ok());
  EXPECT_THAT(clones_in(made), IsEmpty());
  const Result<> removed = remove_pool(folder_ / "pools", "p", false, real_clock(), {});
  ASSERT_TRUE(removed.ok()) << described(removed.failure());
  EXPECT_THAT(list_pools(folder_ / "pools"), IsEmpty());
}

// What the simulated array does with its volumes: file systems in images that share their blocks.
TEST_P(InAPool, AnImageIsMountedAndSoIsItsClone) {
  if (!may()) GTEST_SKIP() << reason_;
  const Pool made = pool(GetParam());
  const std::string image = made.where + "/seed.img", clone = made.where + "/clone.img";
  std::ofstream(image) << "";
  fs::resize_file(image, 400u << 20);
  must(make_file_system(image, "xfs"));
  for (const auto& [what, content] : {std::pair{image, "first"}, std::pair{clone, "second"}}) {
    must(mount_image(what, folder_ / "mounted"));
    if (what == clone) {
      EXPECT_EQ(text_of_file(folder_ / "mounted/x"), "first");
    }
    std::ofstream(folder_ / "mounted/x") << content;
    must(unmount(folder_ / "mounted", real_clock(), {}));
    if (what == image) {
      EXPECT_EQ(must(clone_tree(image, clone, Method::reflink, {})).method, Method::reflink);
    }
  }
}

TEST_P(InAPool, IsMadeOnceAndMountedAgain) {
  if (!may()) GTEST_SKIP() << reason_;
  const Pool made = pool(GetParam());
  put(made.where + "/kept", "kept");
  ASSERT_TRUE(unmount(made.where, real_clock(), {}).ok());
  EXPECT_FALSE(list_pools(folder_ / "pools")[0].mounted);
  const Pool again = pool(GetParam());
  EXPECT_EQ(text_of_file(again.where + "/kept"), "kept");
  EXPECT_EQ(pool(GetParam()).image, again.image);
}

TEST_F(Cloning, APoolSaysWhatItCannotBe) {
  EXPECT_THAT(described(create_pool({.folder = folder_.path(), .name = "../x"}).failure()),
              HasSubstr("not a plain name"));
  EXPECT_THAT(described(create_pool({.folder = folder_.path(), .type = "ext4"}).failure()),
              HasSubstr("`ext4` cannot share extents # choose xfs or btrfs"));
  EXPECT_THAT(described(create_pool({.folder = folder_.path(), .size = 1000}).failure()),
              HasSubstr("at least 320 MiB"));
}

TEST_F(Cloning, WithoutRightsItSaysWhatItWouldNeed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give its rights away";
  EXPECT_EXIT(
      {
        if (setuid(65534) != 0) std::_Exit(9);
        const Result<Pool> pool = create_pool({.folder = "/nowhere"});
        std::fputs(described(pool.failure()).c_str(), stderr);
        std::_Exit(0);
      },
      testing::ExitedWithCode(0),
      "could not make the pool `default` . this process may not mount file systems . it lacks the capability "
      "SYS_ADMIN "
      ".* # run it once with sudo, or in a container with --cap-add SYS_ADMIN and the loop devices");
}

}  // namespace
}  // namespace cairn::clone
