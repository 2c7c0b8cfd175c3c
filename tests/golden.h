// Golden files: what a test got, compared with a file of the repository. ACCEPT=1 writes the file instead and
// skips the test, so that nothing is accepted by accident: an accepting run is never green.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace cairn::golden {

// Below tests/golden of the repository.
inline std::filesystem::path folder(const std::string& below) {
  return std::filesystem::path(CAIRN_SOURCE_DIR) / "tests" / "golden" / below;
}

inline std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Files in a folder that end like this (".stack"), sorted; those of folders below it too.
inline std::vector<std::filesystem::path> files(const std::filesystem::path& folder,
                                                const std::string& extension) {
  std::vector<std::filesystem::path> found;
  if (!std::filesystem::exists(folder)) return found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == extension) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// For INSTANTIATE_TEST_SUITE_P: a test name out of a path.
inline std::string test_name(const std::filesystem::path& path) {
  std::string name = path.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

inline bool accepting() {
  const char* accept = std::getenv("ACCEPT");
  return accept != nullptr && *accept != '\0' && std::string(accept) != "0";
}

// To be the last thing a test does.
inline void compare(const std::filesystem::path& expected, const std::string& got) {
  if (accepting()) {
    std::filesystem::create_directories(expected.parent_path());
    std::ofstream(expected, std::ios::binary) << got;
    GTEST_SKIP() << "wrote " << expected;
  }
  ASSERT_TRUE(std::filesystem::exists(expected)) << expected << " is missing; ACCEPT=1 writes it. Got:\n"
                                                 << got;
  EXPECT_EQ(read(expected), got) << "differs from " << expected
                                 << "; if the new text is right, ACCEPT=1 writes it";
}

}  // namespace cairn::golden
