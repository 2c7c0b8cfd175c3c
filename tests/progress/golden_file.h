// Compares a text with a file below tests/golden. With ACCEPT=1 in the environment the file is rewritten and
// the test is skipped: nobody accepts by accident and sees green.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace cairn {

inline std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}
inline std::filesystem::path golden_path(const std::string& name) {
  return std::filesystem::path(CAIRN_SOURCE_DIR) / "tests/golden" / name;
}

inline void expect_golden(const std::string& name, const std::string& actual) {
  const std::filesystem::path path = golden_path(name);
  if (const char* accept = std::getenv("ACCEPT"); accept != nullptr && *accept == '1') {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << actual;
    GTEST_SKIP() << "accepted " << path;
  }
  EXPECT_EQ(actual, text_of_file(path)) << "ACCEPT=1 accepts this as " << path;
}

}  // namespace cairn
