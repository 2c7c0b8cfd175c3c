// The real Inputs: never outside of the project, never stuck; and the capsule that keeps what they said.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdlib>
#include <filesystem>

#include "interpreter/inputs_capsule.h"
#include "interpreter/inputs_files.h"
#include "interpreter/inputs_real.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/interpreter/memory_inputs.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

struct RealInputsTest : testing::Test {
  TemporaryFolder outer;
  std::string root = outer / "project";

  RealInputsTest() { fs::create_directories(root + "/sub/deep"); }
  void write(const std::string& name, const std::string& text) { outer.write("project/" + name, text); }
  std::unique_ptr<Inputs> inputs(std::size_t largest = 1000) {
    RealInputsOptions options;
    options.root = root;
    options.run_id = "r7";
    options.now_ms = 5;
    options.largest_file = largest;
    return real_inputs(options);
  }
  std::string why_not(const std::string& path) { return inputs()->read_file(path).why_not; }
  int git(const std::string& arguments) {
    return std::system(
        ("cd '" + root +
         "' && git -c init.defaultBranch=main -c user.name=n -c user.email=e@e -c commit.gpgsign=false " +
         arguments + " >/dev/null 2>&1")
            .c_str());
  }
};

TEST_F(RealInputsTest, ReadsFilesOfTheProject) {
  write("sub/a.txt", "hello");
  write("empty", "");
  EXPECT_EQ(inputs()->read_file("sub/a.txt").text, "hello");
  EXPECT_EQ(inputs()->read_file("./sub/deep/../a.txt").text, "hello");
  EXPECT_EQ(inputs()->read_file(root + "/sub/a.txt").text, "hello");
  EXPECT_EQ(inputs()->read_file("empty").text, "");
}

TEST_F(RealInputsTest, SaysWhyItDoesNotRead) {
  write("big", std::string(1001, 'x'));
  outer.write("secret", "s");
  fs::create_symlink("../secret", root + "/out");
  fs::create_symlink("/etc/hostname", root + "/absolute");
  fs::create_symlink("loop", root + "/loop");
  mkfifo((root + "/pipe").c_str(), 0600);
  EXPECT_EQ(why_not("gone"), "no such file");
  EXPECT_EQ(why_not("sub"), "is a directory");
  EXPECT_EQ(why_not("../secret"), "is outside of the project");
  EXPECT_EQ(why_not("/etc/hostname"), "is outside of the project");
  EXPECT_EQ(why_not("/dev/zero"), "is outside of the project");
  EXPECT_EQ(why_not("out"), "is outside of the project");
  EXPECT_EQ(why_not("absolute"), "is outside of the project");
  EXPECT_EQ(why_not("loop"), "is a symbolic link that leads nowhere");
  EXPECT_EQ(why_not("pipe"), "is not a regular file");
  EXPECT_EQ(why_not("big"), "is larger than 0 MiB");
  EXPECT_EQ(why_not(std::string("a\0b", 3)), "is outside of the project");
  EXPECT_FALSE(inputs()->exists("out"));
  EXPECT_FALSE(inputs()->exists("../secret"));
  EXPECT_TRUE(inputs()->exists("pipe"));
}

TEST_F(RealInputsTest, ADeviceWithinTheProjectIsNotRead) {
  if (mknod((root + "/zero").c_str(), S_IFCHR | 0600, makedev(1, 5)) != 0)
    GTEST_SKIP() << "only root can make a device";
  EXPECT_EQ(why_not("zero"), "is not a regular file");
}

TEST_F(RealInputsTest, GlobGivesSortedPathsRelativeToItsFolder) {
  write("sub/b.sql", "");
  write("sub/a.sql", "");
  write("sub/deep/c.sql", "");
  write("sub/.hidden.sql", "");
  fs::create_directory_symlink("..", root + "/sub/up");
  EXPECT_EQ(inputs()->glob("", "sub/*.sql"), (std::vector<std::string>{"sub/a.sql", "sub/b.sql"}));
  EXPECT_EQ(inputs()->glob("sub", "**/*.sql"), (std::vector<std::string>{"a.sql", "b.sql", "deep/c.sql"}));
  EXPECT_EQ(inputs()->glob("sub/deep", "../*.sql"), (std::vector<std::string>{"../a.sql", "../b.sql"}));
  EXPECT_TRUE(inputs()->glob("", "../*").empty());
  EXPECT_TRUE(inputs()->glob("none", "*").empty());
}

TEST(Patterns, FitNamesAndFolders) {
  EXPECT_TRUE(fits_pattern("a/b/c.sql", "**/*.sql"));
  EXPECT_TRUE(fits_pattern("c.sql", "**/*.sql"));
  EXPECT_TRUE(fits_pattern("a/x/y/b", "a/**/b"));
  EXPECT_TRUE(fits_pattern("V1__a.sql", "V[0-9]__*.sql"));
  EXPECT_FALSE(fits_pattern("Vx__a.sql", "V[0-9]__*.sql"));
  EXPECT_FALSE(fits_pattern("a/b", "*"));
  EXPECT_FALSE(fits_pattern("ab", "a?b"));
  EXPECT_FALSE(fits_pattern(std::string(5000, 'a'), "*a*a*a*a*a*a*a*a*a*b"));
}

TEST_F(RealInputsTest, TheEnvironmentWinsOverDotenv) {
  write(".env",
        "\xEF\xBB\xBF# comment\nexport CAIRN_TEST_A=\"x\\ny\" \nCAIRN_TEST_B = plain text # "
        "note\r\nCAIRN_TEST_C='a \\n # b'\nno name\n1X=2\nCAIRN_TEST_D=\nCAIRN_TEST_PATH=${HOME}\n");
  setenv("CAIRN_TEST_D", "real", 1);
  const std::unique_ptr<Inputs> all = inputs();
  EXPECT_EQ(all->environment("CAIRN_TEST_A"), "x\ny");
  EXPECT_EQ(all->environment("CAIRN_TEST_B"), "plain text");
  EXPECT_EQ(all->environment("CAIRN_TEST_C"), "a \\n # b");
  EXPECT_EQ(all->environment("CAIRN_TEST_D"), "real");
  EXPECT_EQ(all->environment("CAIRN_TEST_PATH"), "${HOME}");
  EXPECT_EQ(all->environment("1X"), std::nullopt);
  unsetenv("CAIRN_TEST_D");
}

TEST_F(RealInputsTest, GitFactsComeFromItsFiles) {
  const std::string id(40, 'a'), other(40, 'b');
  fs::create_directories(root + "/.git/refs/heads");
  fs::create_directories(root + "/.git/refs/tags/v");
  write(".git/HEAD", "ref: refs/heads/topic/x\n");
  EXPECT_EQ(inputs()->git_sha(), std::nullopt);
  EXPECT_EQ(inputs()->git_branch(), "topic/x");
  write(".git/packed-refs", "# pack-refs with: peeled\n" + id + " refs/heads/topic/x\n" + other +
                                " refs/tags/v1.0\n^" + id + "\n" + other + " refs/tags/v9\n");
  EXPECT_EQ(inputs()->git_sha(), id);
  EXPECT_EQ(inputs()->git_tag(), "v1.0");
  write(".git/refs/tags/v/2", id + "\n");
  EXPECT_EQ(inputs()->git_tag(), "v1.0");
  write(".git/refs/tags/w", id + "\n");
  EXPECT_EQ(inputs()->git_tag(), "w");
  write(".git/HEAD", other + "\n");
  EXPECT_EQ(inputs()->git_branch(), std::nullopt);
  EXPECT_EQ(inputs()->git_sha(), other);
  write(".git/HEAD", "ref: refs/../../secret\n");
  EXPECT_EQ(inputs()->git_sha(), std::nullopt);
}

TEST_F(RealInputsTest, AWorkTreeSharesTheRefsOfItsRepository) {
  const std::string id(40, 'c');
  fs::create_directories(outer / "main/.git/worktrees/w");
  fs::create_directories(outer / "main/.git/refs/heads");
  outer.write("main/.git/worktrees/w/HEAD", "ref: refs/heads/b\n");
  outer.write("main/.git/worktrees/w/commondir", "../..\n");
  outer.write("main/.git/refs/heads/b", id + "\n");
  write(".git", "gitdir: ../main/.git/worktrees/w\n");
  EXPECT_EQ(inputs()->git_sha(), id);
  EXPECT_EQ(inputs()->git_branch(), "b");
}

TEST_F(RealInputsTest, NoRepositoryNoFacts) {
  EXPECT_EQ(inputs()->git_sha(), std::nullopt);
  EXPECT_EQ(inputs()->git_changed({"."}), std::nullopt);
}

TEST_F(RealInputsTest, ChangedIsWhatDiffersFromGitsIndex) {
  if (git("init") != 0) GTEST_SKIP() << "git is not installed: the index of the test is made by it";
  write("sub/a.txt", "one\n");
  write("sub/ab.txt", "two\n");
  write("b.txt", "three\n");
  for (const char* version : {"2", "4"}) {
    ASSERT_EQ(git("add -A") | git(std::string("update-index --index-version ") + version) |
                  git("commit --allow-empty -m x"),
              0);
    EXPECT_EQ(inputs()->git_changed({"."}), false) << version;
    EXPECT_EQ(inputs()->git_sha().value_or("").size(), 40u);
    write("sub/ab.txt", std::string("TWO\n") + version);
    EXPECT_EQ(inputs()->git_changed({"sub"}), true) << version;
    EXPECT_EQ(inputs()->git_changed({"b.txt"}), false) << version;
    EXPECT_EQ(inputs()->git_changed({"b.txt", "sub/ab.txt"}), true) << version;
    EXPECT_EQ(inputs()->git_changed({"sub/a"}), false) << version;
  }
  fs::remove(root + "/b.txt");
  EXPECT_EQ(inputs()->git_changed({"b.txt"}), true);
}

TEST(Capsule, GivesTheSameAnswersAgain) {
  MemoryInputs memory;
  memory.files = {{"a", "text"}, {"b", "\xff\x01"}};
  memory.variables = {{"X", "1"}};
  RecordingInputs recording(memory);
  recording.read_file("a");
  recording.read_file("b");
  recording.read_file("gone");
  recording.environment("X");
  recording.environment("Y");
  recording.exists("a");
  recording.git_sha();
  recording.git_tag();
  recording.git_changed({"a"});
  recording.glob("", "*");
  recording.now_ms();
  memory.files["a"] = "changed meanwhile";
  EXPECT_EQ(recording.read_file("a").text, "text");

  std::variant<std::unique_ptr<Inputs>, std::string> replayed = replayed_inputs(recording.capsule());
  ASSERT_TRUE(std::holds_alternative<std::unique_ptr<Inputs>>(replayed)) << std::get<std::string>(replayed);
  Inputs& again = *std::get<std::unique_ptr<Inputs>>(replayed);
  EXPECT_EQ(again.read_file("a").text, "text");
  EXPECT_EQ(again.read_file("b").text, "\xff\x01");
  EXPECT_EQ(again.read_file("gone").why_not, "no such file");
  EXPECT_EQ(again.read_file("never").why_not, "was not read in that run");
  EXPECT_EQ(again.environment("X"), "1");
  EXPECT_EQ(again.environment("Y"), std::nullopt);
  EXPECT_TRUE(again.exists("a"));
  EXPECT_EQ(again.git_sha(), memory.git_sha());
  EXPECT_EQ(again.git_changed({"a"}), true);
  EXPECT_EQ(again.now_ms(), memory.now_ms());
  RecordingInputs second(again);
  second.read_file("a");
  EXPECT_EQ(second.capsule().find("changed meanwhile"), std::string::npos);
}

TEST(Capsule, RefusesWhatIsNone) {
  for (const char* text :
       {"", "{", "[]", "{\"capsule\": 99}", "{\"capsule\": 1}", "{\"capsule\": 1, \"files\": 3}"})
    EXPECT_TRUE(std::holds_alternative<std::string>(replayed_inputs(text))) << text;
}

}  // namespace
}  // namespace cairn
