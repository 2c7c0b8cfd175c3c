#include "cli/project.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cairn::cli {
namespace {

// FNV-1a, 64 bits: stable between versions and machines; nothing depends on it being hard to guess.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string project_name(const std::string& project_folder) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(project_folder, error);
  std::string slug;
  for (char c : real.filename().string()) {
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9'))
      slug += lower;
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
  }
  while (slug.ends_with('-')) slug.pop_back();
  if (slug.size() > 24) slug.resize(24);
  std::ifstream file("/etc/machine-id");
  std::string machine;
  std::getline(file, machine);
  return fmt::format("{}-{:06x}", slug.empty() ? "project" : slug,
                     hash_of(machine + real.string()) & 0xffffff);
}

std::size_t terminal_columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

}  // namespace cairn::cli
