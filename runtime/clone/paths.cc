#include "runtime/clone/paths.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace cairn::clone {

Result<std::vector<std::string>> paths_of(const std::string& root) {
  std::vector<std::string> paths = {""};
  std::error_code error;
  if (std::filesystem::is_directory(root, error)) {
    for (std::filesystem::recursive_directory_iterator at(root, error), end; !error && at != end;
         at.increment(error)) {
      paths.push_back(at->path().string().substr(root.size()));
    }
    if (error) return Failure{.message = "could not read " + root, .causes = {error.message()}};
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string read_link(const std::string& path) {
  std::array<char, 4096> aim{};
  const ssize_t length = readlink(path.c_str(), aim.data(), aim.size());
  return length < 0 ? std::string() : std::string(aim.data(), static_cast<std::size_t>(length));
}

std::string canonical(const std::string& path) {
  std::error_code error;
  const std::filesystem::path found = std::filesystem::weakly_canonical(path, error);
  return error ? path : found.string();
}

}  // namespace cairn::clone
