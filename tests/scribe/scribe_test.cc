#include "runtime/scribe/scribe.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "runtime/scribe/log_line.h"
#include "tests/fakes/turned_clock.h"

namespace cairn::scribe {
namespace {

// Logs in memory, on a disk with so much room.
class PlayedFolder final : public LogFolder {
 public:
  std::map<std::string, std::string> files;
  std::size_t room = SIZE_MAX;
  std::string cannot_open;

  Result<std::unique_ptr<LogFile>> open(const std::string& name) override {
    if (!cannot_open.empty()) return Failure{"could not open", {cannot_open}, {}};
    return std::unique_ptr<LogFile>(std::make_unique<File>(*this, files[name]));
  }

 private:
  struct File final : LogFile {
    File(PlayedFolder& whole, std::string& its_text) : folder(whole), text(its_text) {}
    Written append(std::string_view bytes) override {
      const std::size_t fits = std::min(bytes.size(), folder.room);
      text += bytes.substr(0, fits);
      if (folder.room != SIZE_MAX) folder.room -= fits;
      return {fits, fits == bytes.size() ? "" : "no space left on device"};
    }
    PlayedFolder& folder;
    std::string& text;
  };
};

class ScribeTest : public testing::Test {
 protected:
  PlayedFolder folder;
  Masker masker;
  TurnedClock clock;
  std::vector<std::string> heard;
  Scribe scribe{
      folder, masker, clock, [this](const std::string& step, Stream stream, std::string_view line) {
        heard.push_back(step + " " + std::string(name_of(stream)) + " " + std::string(line.substr(0, 80)));
      }};
  std::string file(const std::string& step) { return folder.files[log_name(step)]; }
};

TEST_F(ScribeTest, WritesLinesWithTimesAndStreams) {
  scribe.write("test.unit:run", Stream::out, "first\nsec");
  clock.turn(Milliseconds(1500));
  scribe.write("test.unit:run", Stream::err, "warning\n");
  scribe.write("test.unit:run", Stream::out, "ond\r\n\nlast");
  scribe.note("test.unit:run", "exited 0");
  scribe.end("test.unit:run");
  EXPECT_EQ(file("test.unit:run"),
            "2023-11-14T22:13:20.000Z out | first\n"
            "2023-11-14T22:13:21.500Z err | warning\n"
            "2023-11-14T22:13:21.500Z out | second\n"
            "2023-11-14T22:13:21.500Z out | \n"
            "2023-11-14T22:13:21.500Z tool | exited 0\n"
            "2023-11-14T22:13:21.500Z out | last\n");
  EXPECT_EQ(heard.size(), 6U);
  EXPECT_EQ(heard.at(2), "test.unit:run out second");
  EXPECT_EQ(scribe.tail("test.unit:run", 2), (std::vector<std::string>{"exited 0", "last"}));
}

TEST_F(ScribeTest, MasksBeforeAnythingLeaves) {
  masker.add("password", "hunter2-hunter2");
  scribe.write("a:run", Stream::out, "pw=hunter2-");
  scribe.write("a:run", Stream::err, "hunter2\n");
  scribe.write("a:run", Stream::out, "hunter2 ok\n");
  scribe.note("a:run", "with hunter2-hunter2");
  EXPECT_EQ(file("a:run").find("hunter2-hunter2"), std::string::npos);
  EXPECT_EQ(heard,
            (std::vector<std::string>{"a:run err hunter2", "a:run out pw=••• ok", "a:run tool with •••"}));
}

TEST_F(ScribeTest, SaysHowMuchAFullDiskLost) {
  scribe.write("a:run", Stream::out, "one\n");
  folder.room = 0;
  scribe.write("a:run", Stream::out, "four\nseven77\n");
  folder.room = SIZE_MAX;
  scribe.write("a:run", Stream::out, "after\n");
  EXPECT_EQ(file("a:run"),
            "2023-11-14T22:13:20.000Z out | one\n"
            "2023-11-14T22:13:20.000Z tool | 11 bytes lost: no space left on device\n"
            "2023-11-14T22:13:20.000Z out | after\n");
  EXPECT_EQ(scribe.totals().lost, 11U);
  EXPECT_EQ(scribe.totals().problem, "no space left on device");
  EXPECT_EQ(scribe.tail("a:run", 9).size(), 4U) << "what is shown does not depend on the disk";
}

TEST_F(ScribeTest, EveryByteIsLoggedOrDeclaredLostWhereverTheDiskFills) {
  for (std::size_t room = 0; room < 120; ++room) {
    PlayedFolder small;
    small.room = room;
    Scribe played(small, masker, clock);
    played.write("a:run", Stream::out, "0123456789\nabcdefghij\n");
    small.room = SIZE_MAX;
    played.write("a:run", Stream::out, "after\n");
    const Scribe::Totals totals = played.totals();
    ASSERT_EQ(totals.produced, 25U);
    ASSERT_EQ(totals.produced, totals.logged + totals.lost) << room;
    // The file stays readable line by line, but for the line that the full disk tore.
    std::istringstream lines(small.files["a@run.log"]);
    std::uint64_t said = 0;
    int torn = 0;
    for (std::string line; std::getline(lines, line);) {
      const std::optional<LogLine> read = read_log_line(line);
      if (!read) ++torn;
      if (read && read->stream == Stream::tool) said += std::stoull(read->text);
    }
    ASSERT_EQ(said, totals.lost) << small.files["a@run.log"];
    ASSERT_LE(torn, 1);
  }
}

TEST_F(ScribeTest, ALogThatCannotBeOpenedIsALossAndIsTriedAgain) {
  folder.cannot_open = "permission denied";
  scribe.write("a:run", Stream::out, "lost\n");
  folder.cannot_open.clear();
  scribe.write("a:run", Stream::out, "kept\n");
  EXPECT_NE(file("a:run").find("4 bytes lost: permission denied"), std::string::npos);
  EXPECT_NE(file("a:run").find("kept"), std::string::npos);
}

TEST_F(ScribeTest, ALineWithoutEndIsCutButNotHeldInMemory) {
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 10; ++i) scribe.write("a:run", Stream::out, megabyte);
  scribe.write("a:run", Stream::out, "\n");
  EXPECT_EQ(heard.size(), 160U);
  EXPECT_EQ(scribe.totals().logged, 10'485'760U);
  std::istringstream lines(file("a:run"));
  std::size_t all = 0;
  bool went_on = true;
  for (std::string line; std::getline(lines, line);) {
    const std::optional<LogLine> read = read_log_line(line);
    ASSERT_TRUE(read);
    ASSERT_TRUE(went_on);
    went_on = read->goes_on;
    all += read->text.size();
  }
  EXPECT_FALSE(went_on);
  EXPECT_EQ(all, 10'485'760U);
  EXPECT_LE(scribe.tail("a:run", 1).front().size(), 4096U);
}

TEST_F(ScribeTest, KeepsOnlyTheLastLines) {
  for (int i = 0; i < 1000; ++i) scribe.write("a:run", Stream::out, std::to_string(i) + "\n");
  EXPECT_EQ(scribe.tail("a:run", 3), (std::vector<std::string>{"997", "998", "999"}));
  EXPECT_EQ(scribe.tail("a:run", 100000).size(), Scribe::kept_lines);
  EXPECT_TRUE(scribe.tail("never", 3).empty());
}

TEST_F(ScribeTest, ManyThreadsLoseNothing) {
  Scribe quiet(folder, masker, clock);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&quiet, t] {
        const std::string step = t % 2 == 0 ? "even:run" : "odd:run";
        for (int i = 0; i < 500; ++i) quiet.write(step, t < 4 ? Stream::out : Stream::err, "0123456789\n");
      });
  }
  const std::string even = file("even:run");
  EXPECT_EQ(std::count(even.begin(), even.end(), '\n'), 2000);
  EXPECT_EQ(quiet.totals().logged, 40'000U);
}

TEST(ScribeFiles, AreForTheirOwnerOnlyAndGoOnAtTheirEnd) {
  const std::string folder_path = testing::TempDir() + "scribe_files";
  std::filesystem::remove_all(folder_path);
  std::filesystem::create_directory(folder_path);
  Masker masker;
  TurnedClock clock;
  for (const char* text : {"first\n", "second"}) {
    const std::unique_ptr<LogFolder> folder = real_log_folder(folder_path);
    Scribe scribe(*folder, masker, clock);
    scribe.write("a:run", Stream::out, text);
  }
  struct stat about {};
  ASSERT_EQ(::stat((folder_path + "/a@run.log").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  std::ifstream file(folder_path + "/a@run.log");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, "2023-11-14T22:13:20.000Z out | first\n2023-11-14T22:13:20.000Z out | second\n");
  std::filesystem::remove_all(folder_path);
}

TEST(ScribeFiles, ARealFullDeviceIsSurvived) {
  const std::string folder_path = testing::TempDir() + "scribe_full";
  std::filesystem::remove_all(folder_path);
  const std::unique_ptr<LogFolder> devices = real_log_folder("/dev");
  Result<std::unique_ptr<LogFile>> full = devices->open("full");
  if (!full) GTEST_SKIP() << "no /dev/full here: " << full.failure().message;
  const LogFile::Written written = (*full)->append("text");
  EXPECT_EQ(written.bytes, 0U);
  EXPECT_EQ(written.problem, "No space left on device");
  const std::unique_ptr<LogFolder> missing = real_log_folder(folder_path);
  const Result<std::unique_ptr<LogFile>> none = missing->open("a.log");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.failure().causes, (std::vector<std::string>{"No such file or directory"}));
}

TEST(LogName, IsDifferentForDifferentStepsAndStaysInItsFolder) {
  EXPECT_EQ(log_name("test.sql[0]:run"), "test.sql[0]@run.log");
  EXPECT_EQ(log_name("work[a/b]:run"), "work[a%2Fb]@run.log");
  std::set<std::string> names;
  const std::vector<std::string> steps = {"a:run",
                                          "a@run",
                                          "a%40run",
                                          "a_run",
                                          "..",
                                          "../..",
                                          "/",
                                          "",
                                          ".hidden",
                                          "a b",
                                          "a\nb",
                                          std::string(500, 'x'),
                                          std::string(501, 'x')};
  for (const std::string& step : steps) {
    const std::string name = log_name(step);
    EXPECT_EQ(name.find('/'), std::string::npos) << name;
    EXPECT_LE(name.size(), 255U);
    EXPECT_NE(name.front(), '.') << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), steps.size());
}

TEST(LogLines, ComeBackAsTheyWereWritten) {
  for (const LogLine& line :
       {LogLine{1'700'000'000'123, Stream::out, "text | with + signs", false},
        LogLine{0, Stream::err, "", true}, LogLine{951'782'400'000, Stream::tool, " lead", false}}) {
    std::string file;
    append_log_line(file, shown_time(line.wall_ms), line.stream, line.text, line.goes_on);
    EXPECT_EQ(read_log_line(file), line) << file;
  }
  EXPECT_EQ(shown_time(951'782'400'000), "2000-02-29T00:00:00.000Z");
  for (const char* wrong : {"", "text", "2023-02-30T22:13:20.000Z out | x", "2023-11-14T22:13:20.000Z",
                            "2023-11-14T22:13:20.000Z in | x", "2023-11-14T22:13:20.000Z out x",
                            "2023-11-14 22:13:20.000Z out | x"})
    EXPECT_FALSE(read_log_line(wrong)) << wrong;
}

}  // namespace
}  // namespace cairn::scribe
