// What fuzzing once found stays found: every file of tests/fuzz/found/TARGET goes through its target again,
// and so do the golden files, whole and cut off in the middle. A target ends the process when something does
// not hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" {
int parse_fuzz(const std::uint8_t* data, std::size_t size);
int format_fuzz(const std::uint8_t* data, std::size_t size);
int evaluate_fuzz(const std::uint8_t* data, std::size_t size);
int load_fuzz(const std::uint8_t* data, std::size_t size);
}

namespace {

namespace fs = std::filesystem;
using Target = int (*)(const std::uint8_t*, std::size_t);

const fs::path tests = fs::path(CAIRN_SOURCE_DIR) / "tests";

std::vector<fs::path> files_in(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, none))
    if (entry.is_regular_file() && (extension.empty() || entry.path().extension() == extension))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

void give(Target target, const std::string& text) {
  EXPECT_EQ(target(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), 0);
}

void replay(const char* name, Target target, const fs::path& folder, std::string_view extension) {
  for (const fs::path& file : files_in(folder, extension)) {
    SCOPED_TRACE(std::string(name) + ": " + file.string());
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    give(target, text);
    if (!extension.empty()) give(target, text.substr(0, text.size() / 2));
  }
}

TEST(FuzzFound, StaysFound) {
  replay("parse_fuzz", parse_fuzz, tests / "fuzz/found/parse_fuzz", "");
  replay("format_fuzz", format_fuzz, tests / "fuzz/found/format_fuzz", "");
  replay("evaluate_fuzz", evaluate_fuzz, tests / "fuzz/found/evaluate_fuzz", "");
  replay("load_fuzz", load_fuzz, tests / "fuzz/found/load_fuzz", "");
}

TEST(FuzzFound, TargetsTakeTheGoldenFiles) {
  ASSERT_FALSE(files_in(tests / "golden/syntax", ".stack").empty());
  replay("parse_fuzz", parse_fuzz, tests / "golden/syntax", ".stack");
  replay("format_fuzz", format_fuzz, tests / "golden/syntax", ".stack");
  replay("load_fuzz", load_fuzz, tests / "golden/check", ".stack");
}

}  // namespace
