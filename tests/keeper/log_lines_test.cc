#include "runtime/keeper/log_lines.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/fakes/temporary_folder.h"

namespace cairn::keeper {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kTime = 1'772'600'767'890;  // 2026-03-04T05:06:07.890Z

class LogLines : public testing::Test {
 protected:
  LogWriter writer() {
    return LogWriter(FileDescriptor(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)));
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "log";
};

TEST_F(LogLines, AreAsTheScribesAre) {
  LogWriter log = writer();
  log.append(Stream::out, "one\n\ntwo", kTime);
  log.append(Stream::err, "oh\n", kTime + 1);
  log.append(Stream::out, " and a half\n", kTime + 2);
  EXPECT_EQ(text_of_file(path_),
            "2026-03-04T05:06:07.890Z out | one\n"
            "2026-03-04T05:06:07.890Z out | \n"
            "2026-03-04T05:06:07.890Z out + two\n"
            "2026-03-04T05:06:07.891Z err | oh\n"
            "2026-03-04T05:06:07.892Z out |  and a half\n");
}

TEST_F(LogLines, GiveTheOutputBackByteForByte) {
  const std::string said = std::string("a\0b\r\n", 5) + "\xff | + \n\n  no end";
  for (std::size_t cut = 0; cut <= said.size(); ++cut) {
    std::filesystem::remove(path_);
    LogWriter log = writer();
    log.append(Stream::out, said.substr(0, cut), kTime);
    log.append(Stream::err, "between", kTime);
    log.append(Stream::out, said.substr(cut), kTime);
    EXPECT_EQ(*output_in_log(path_, Stream::out), said) << cut;
  }
}

TEST_F(LogLines, PassOverWhatIsNoLine) {
  const std::vector<LogLine> lines = parse_log(
      "garbage\n2026-03-04T05:06:07.890Z out\n"
      "2026-03-04T05:06:07.890Z err | yes\n2026-03-04T05:06:07.890Z out | cut off");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].text, "yes");
  EXPECT_EQ(lines[0].from, Stream::err);
}

// RLIMIT_FSIZE is a disk that is full at a known byte.
TEST_F(LogLines, AFullDiskLeavesAGapThatIsNoted) {
  LogWriter log = writer();
  log.append(Stream::out, "before\n", kTime);
  const auto size = std::filesystem::file_size(path_);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{size + 10, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  log.append(Stream::out, "this is lost\n", kTime);
  log.append(Stream::out, "this too\n", kTime);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  log.append(Stream::out, "after\n", kTime);
  EXPECT_EQ(text_of_file(path_),
            "2026-03-04T05:06:07.890Z out | before\n"
            "2026-03-04T05:06:07.890Z tool | 22 bytes of output are missing here: they could not be written\n"
            "2026-03-04T05:06:07.890Z out | after\n");
}

TEST_F(LogLines, ALogThatIsNotThereIsAFailure) {
  const Result<std::string> none = output_in_log(folder_ / "none", Stream::out);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.failure().message, HasSubstr("could not read the log"));
}

}  // namespace
}  // namespace cairn::keeper
