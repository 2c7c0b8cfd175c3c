// What was there before a step is told from what the step has written, whatever clocks say: the times of
// files are set as a wall clock that jumps would have set them.
#include "runtime/kinds/files_before.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/fakes/temporary_folder.h"
#include "tests/fakes/turned_clock.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

class FilesBeforeTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text, std::int64_t wall_ms) {
    const std::string path = folder.path() + "/" + name;
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
    stamp(path, wall_ms);
    return path;
  }
  static void stamp(const std::string& path, std::int64_t wall_ms) {
    const timespec when{wall_ms / 1000, wall_ms % 1000 * 1'000'000};
    const timespec times[2] = {when, when};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  FilesBefore look(const std::string& pattern) { return FilesBefore({folder.path() + "/" + pattern}, clock); }

  TurnedClock clock{TurnedClock::Turning::by_itself};
  const std::int64_t now = clock.wall_clock_ms();
  static constexpr std::int64_t hour = 3'600'000;
  TemporaryFolder folder;
};

TEST_F(FilesBeforeTest, AnOldFileIsOldWhateverItsTime) {
  const std::string past = write("past.xml", "x", now - hour), future = write("future.xml", "x", now + hour);
  const FilesBefore before = look("*.xml");
  EXPECT_FALSE(before.has_changed(past));
  EXPECT_FALSE(before.has_changed(future)) << "the clock was turned back before the step began";
}

TEST_F(FilesBeforeTest, AFreshFileIsFreshWhateverItsTime) {
  const std::string again = write("again.xml", "x", now);
  const FilesBefore before = look("*.xml");
  write("again.xml", "y", now - hour);
  EXPECT_TRUE(before.has_changed(again)) << "the clock was turned back while the step ran";
  EXPECT_TRUE(before.has_changed(write("new.xml", "x", now - hour)));
}

TEST_F(FilesBeforeTest, AFileOfTheSameTimeAndSizeIsFreshWhenItIsAnother) {
  const std::string path = write("report.xml", "old", now - hour);
  const FilesBefore before = look("report.xml");
  const std::string other = write("other", "new", now - hour);
  fs::rename(other, path);
  EXPECT_TRUE(before.has_changed(path));
}

TEST_F(FilesBeforeTest, AFolderChangesWithWhatIsBelow) {
  const std::string file = write("out/deep/report.xml", "x", now - hour);
  const std::string out = folder.path() + "/out";
  {
    const FilesBefore before = look("out");
    EXPECT_FALSE(before.has_changed(out));
    write("out/deep/report.xml", "y", now - 2 * hour);
    EXPECT_TRUE(before.has_changed(out));
  }
  const FilesBefore before = look("out");
  fs::remove(file);
  EXPECT_TRUE(before.has_changed(out));
}

// Two writes within one tick of the file system look the same: the step begins after the tick.
TEST_F(FilesBeforeTest, WhatWasWrittenJustNowIsWaitedFor) {
  write("report.xml", "x", now - 1000);
  (void)look("report.xml");
  EXPECT_TRUE(clock.sleeps().empty());
  write("report.xml", "x", now - 5);
  (void)look("report.xml");
  EXPECT_EQ(clock.sleeps().size(), 1u);
}

TEST_F(FilesBeforeTest, WhereNothingWasAllIsFresh) {
  const std::string path = write("report.xml", "x", now - hour);
  EXPECT_TRUE(FilesBefore().has_changed(path));
}

}  // namespace
}  // namespace cairn::kinds
