// Archives from a stranger's container: what leads out of the folder, what is no file, what has no end.
#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "runtime/platform/docker/archive.h"
#include "tests/fakes/temporary_folder.h"

namespace cairn::docker {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Entry {
  std::string path, content;
  mode_t type = AE_IFREG;
  std::string symlink = {}, hardlink = {};
  mode_t mode = 0644;
  std::int64_t sparse_size = 0;  // of a file that has a hole up to here
};

std::string tar_of(const std::vector<Entry>& entries) {
  std::string bytes;
  struct archive* tar = archive_write_new();
  archive_write_set_format_pax(tar);
  archive_write_set_bytes_per_block(tar, 512);
  archive_write_open2(
      tar, &bytes, nullptr,
      [](struct archive*, void* to, const void* data, std::size_t size) {
        static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
        return static_cast<la_ssize_t>(size);
      },
      nullptr, nullptr);
  for (const Entry& each : entries) {
    struct archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, each.path.c_str());
    archive_entry_set_filetype(entry, each.type);
    archive_entry_set_perm(entry, each.mode);
    archive_entry_set_size(
        entry, each.sparse_size > 0 ? each.sparse_size : static_cast<la_int64_t>(each.content.size()));
    if (each.sparse_size > 0) archive_entry_sparse_add_entry(entry, each.sparse_size, 0);
    if (!each.symlink.empty()) archive_entry_set_symlink(entry, each.symlink.c_str());
    if (!each.hardlink.empty()) archive_entry_set_hardlink(entry, each.hardlink.c_str());
    archive_write_header(tar, entry);
    archive_write_data(tar, each.content.data(), each.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(tar);
  archive_write_free(tar);
  return bytes;
}

class Extract : public testing::Test {
 protected:
  Result<Extracted> unpack(const std::vector<Entry>& entries, const ExtractionLimits& limits = {}) {
    return unpack_bytes(tar_of(entries), limits);
  }
  Result<Extracted> unpack_bytes(std::string bytes, const ExtractionLimits& limits = {}) {
    return extract(
        [bytes = std::move(bytes)]() mutable -> Result<std::string> { return std::exchange(bytes, {}); },
        {.destination = into, .limits = limits});
  }
  static std::string told(const Result<Extracted>& result) {
    return result ? ""
                  : result.failure().message + ": " +
                        fmt::format("{}", fmt::join(result.failure().causes, ": "));
  }

  TemporaryFolder outer;
  const std::string into = outer.path() + "/into";
};

TEST_F(Extract, TakesFilesAndFolders) {
  const Result<Extracted> done = unpack({{"./out/", "", AE_IFDIR},
                                         {"./out/a.xml", "<a/>"},
                                         {"deep/er/b", "bb"},
                                         {"a..b", "dots are no way out"}});
  ASSERT_TRUE(done) << told(done);
  EXPECT_THAT(done->files, ElementsAre("out/a.xml", "deep/er/b", "a..b"));
  EXPECT_EQ(text_of_file(into + "/out/a.xml"), "<a/>");
}

TEST_F(Extract, NothingLeadsOutOfTheFolder) {
  for (const std::string path : {"../evil", "/evil", "a/../../evil", "a/..", ".."}) {
    const Result<Extracted> done = unpack({{path, "evil"}});
    EXPECT_THAT(told(done), HasSubstr(fmt::format("the entry `{}` leads out of its folder", path)));
  }
  EXPECT_FALSE(fs::exists(outer.path() + "/evil"));
}

TEST_F(Extract, LinksAndDevicesAreLeftOut) {
  const Result<Extracted> done = unpack({{"link", "", AE_IFLNK, "/etc"},
                                         {"hard", "", AE_IFREG, "", "/etc/passwd"},
                                         {"pipe", "", AE_IFIFO},
                                         {"null", "", AE_IFCHR},
                                         {"good", "g"}});
  ASSERT_TRUE(done) << told(done);
  EXPECT_THAT(done->left_out, ElementsAre("link", "hard", "pipe", "null"));
  EXPECT_THAT(done->files, ElementsAre("good"));
  EXPECT_FALSE(fs::exists(fs::symlink_status(into + "/link")));
}

// The classic: a link first, then a file through it.
TEST_F(Extract, AFileDoesNotGoThroughALink) {
  const Result<Extracted> done = unpack({{"way", "", AE_IFLNK, outer.path()}, {"way/evil", "evil"}});
  ASSERT_TRUE(done) << told(done);
  EXPECT_FALSE(fs::exists(outer.path() + "/evil")) << "`way` has become a folder";

  fs::create_symlink(outer.path(), into + "/there_before");
  EXPECT_FALSE(unpack({{"there_before/evil", "evil"}}));
  EXPECT_FALSE(fs::exists(outer.path() + "/evil"));

  std::ofstream(outer.path() + "/victim") << "untouched";
  fs::create_symlink(outer.path() + "/victim", into + "/file");
  const Result<Extracted> over = unpack({{"file", "evil"}});
  ASSERT_TRUE(over) << told(over);
  EXPECT_EQ(text_of_file(outer.path() + "/victim"), "untouched");
}

TEST_F(Extract, NoFileRunsAsSomebodyElse) {
  ASSERT_TRUE(
      unpack({{"tool", "#!/bin/sh\n", AE_IFREG, "", "", 06755}, {"shut", "x", AE_IFREG, "", "", 0000}}));
  struct stat facts {};
  ASSERT_EQ(stat((into + "/tool").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777 & ~022u, 0755u);
  ASSERT_EQ(stat((into + "/shut").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0700, 0600u) << "who asked for it can read it";
}

TEST_F(Extract, HasAnEnd) {
  EXPECT_THAT(told(unpack({{"a", "1"}, {"b", "2"}, {"c", "3"}}, {.entries = 2})),
              HasSubstr("more than 2 entries"));
  EXPECT_THAT(told(unpack({{"a", std::string(1000, 'x')}}, {.bytes = 999})),
              HasSubstr("more than 999 bytes"));
  EXPECT_TRUE(unpack({{"a", std::string(999, 'x')}}, {.bytes = 999}));
}

TEST_F(Extract, AHoleCountsAsTheBytesThatItClaims) {
  const std::int64_t huge = std::int64_t{1} << 50;
  EXPECT_THAT(told(unpack({{"bomb", "", AE_IFREG, "", "", 0644, huge}})), HasSubstr("more than"));
  EXPECT_FALSE(fs::exists(into + "/bomb"));
}

TEST_F(Extract, HalfAnArchiveIsSaidToBeHalf) {
  const std::string whole = tar_of({{"a", std::string(100'000, 'x')}});
  EXPECT_FALSE(unpack_bytes(whole.substr(0, 50'000)));
  EXPECT_FALSE(unpack_bytes("this is not a tar at all, but it is long enough to be looked at by somebody"));
}

}  // namespace
}  // namespace cairn::docker
