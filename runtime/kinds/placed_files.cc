#include "runtime/kinds/placed_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/effects/file_descriptor.h"

namespace cairn::kinds {
namespace {

using nlohmann::json;

std::string file_of(const std::string& run_folder) {
  return run_folder + "/placed";
}

}  // namespace

Result<Done> record_placed_file(const std::string& run_folder, const std::string& path) {
  const auto failed = [&] {
    return Failure{.message = fmt::format("cannot note that `{}` was put there", path),
                   .causes = {std::strerror(errno)},
                   .help = {}};
  };
  struct stat is {};
  if (lstat(path.c_str(), &is) != 0) return failed();
  const json line = {{"path", path}, {"device", is.st_dev}, {"inode", is.st_ino}};
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  const FileDescriptor file(
      open(file_of(run_folder).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.open() || write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return failed();
  return Done{};
}

std::vector<std::string> placed_files(const std::string& run_folder) {
  std::vector<std::string> placed;
  std::ifstream file(file_of(run_folder), std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    const json object = json::parse(line, nullptr, false);
    if (!object.is_object() || !object.contains("path") || !object["path"].is_string()) continue;
    const std::string path = object["path"].get<std::string>();
    struct stat is {};
    if (lstat(path.c_str(), &is) == 0 && json(is.st_ino) == object.value("inode", json()) &&
        json(is.st_dev) == object.value("device", json()))
      placed.push_back(path);
  }
  return placed;
}

}  // namespace cairn::kinds
