#include "runtime/keeper/cgroups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace cairn::keeper {
namespace {

struct Setting {
  const char* controller;
  std::string file, value;
  bool needed = true;  // false: as far as the kernel has it
};

std::vector<Setting> settings_of(const ProcessLimits& limits, bool unified) {
  std::vector<Setting> settings;
  if (limits.memory_bytes) {
    const std::string bytes = std::to_string(*limits.memory_bytes);
    settings.push_back({"memory", unified ? "memory.max" : "memory.limit_in_bytes", bytes});
    // Else it would go on in swap.
    settings.push_back({"memory", unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
                        unified ? std::string("0") : bytes, false});
  }
  if (limits.processes) settings.push_back({"pids", "pids.max", std::to_string(*limits.processes)});
  return settings;
}

std::vector<std::string> controllers_of(const ProcessLimits& limits) {
  std::vector<std::string> controllers;
  if (limits.memory_bytes) controllers.push_back("memory");
  if (limits.processes) controllers.push_back("pids");
  return controllers;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

bool has_word(const std::string& text, const std::string& word) {
  std::istringstream words(text);
  for (std::string one; words >> one;)
    if (one == word) return true;
  return false;
}

// 0, or the errno: the kernel takes or refuses a value as a whole.
int write_value(const std::string& path, const std::string& value) {
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.open()) return errno;
  return write(file.number(), value.data(), value.size()) == static_cast<ssize_t>(value.size()) ? 0 : errno;
}

// A mount of a hierarchy, from /proc/self/mountinfo: "… ROOT MOUNT_POINT … - TYPE SOURCE OPTIONS".
struct Mount {
  std::string root, point, type, options;
};
std::vector<Mount> cgroup_mounts(const std::string& mountinfo) {
  std::vector<Mount> mounts;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Mount mount;
    std::string word;
    words >> word >> word >> word >> mount.root >> mount.point;
    while (words >> word && word != "-") continue;
    words >> mount.type >> word >> mount.options;
    if (mount.type == "cgroup" || mount.type == "cgroup2") mounts.push_back(std::move(mount));
  }
  return mounts;
}

// Where the group `path` of a hierarchy is seen through a mount of it; the mount itself, when it lies
// outside.
std::string folder_of(const Mount& mount, std::string path) {
  if (mount.root != "/" && path.starts_with(mount.root)) path.erase(0, mount.root.size());
  const std::string folder = path == "/" ? mount.point : mount.point + path;
  return access(folder.c_str(), F_OK) == 0 ? folder : mount.point;
}

// Groups of keepers that were killed: empty, since those who were in them have been killed with the keeper.
void remove_stale(const std::string& home) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(home, error)) {
    const std::string name = entry.path().filename().string();
    int keeper = 0, number = 0;
    if (std::sscanf(name.c_str(), "cairn-%d-%d", &keeper, &number) != 2) continue;
    if (kill(keeper, 0) != 0 && errno == ESRCH) rmdir(entry.path().c_str());
  }
}

bool ours_to_write(const std::string& folder) {
  return access(folder.c_str(), W_OK) == 0 && access((folder + "/cgroup.procs").c_str(), W_OK) == 0;
}

}  // namespace

Cgroups Cgroups::find(const std::string& proc) {
  Cgroups found;
  const std::vector<Mount> mounts = cgroup_mounts(text_of(proc + "/mountinfo"));
  std::istringstream lines(text_of(proc + "/cgroup"));  // "4:memory:/path", "0::/path" of version 2
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string names = line.substr(first + 1, second - first - 1);
    const bool unified = names.empty();
    for (const Mount& mount : mounts) {
      if ((mount.type == "cgroup2") != unified) continue;
      const std::string folder = folder_of(mount, line.substr(second + 1));
      if (!ours_to_write(folder)) continue;
      for (const char* controller : {"memory", "pids"}) {
        std::string listed = unified ? text_of(folder + "/cgroup.controllers") : mount.options;
        std::replace(listed.begin(), listed.end(), ',', ' ');
        if (has_word(listed, controller)) found.homes_.try_emplace(controller, Home{folder, unified});
      }
    }
  }
  return found;
}

std::string Cgroups::missing(const ProcessLimits& limits) const {
  for (const std::string& controller : controllers_of(limits))
    if (!homes_.contains(controller))
      return fmt::format("this process may make no control group with the controller `{}`", controller);
  return {};
}

// Version 2: controllers can be given to children only by a group that has no processes of its own. Those
// that are in it (cairn, and whoever started it there) move one down.
Result<Done> Cgroups::delegate(const std::string& folder, const std::vector<std::string>& controllers) {
  const auto failed = [&](const std::string& what, int error) {
    return Failure{fmt::format("{}: {}", what, std::strerror(error))};
  };
  std::string wanted;
  const std::string given = text_of(folder + "/cgroup.subtree_control");
  for (const std::string& controller : controllers)
    if (!has_word(given, controller)) wanted += (wanted.empty() ? "+" : " +") + controller;
  if (wanted.empty()) return Done{};
  const std::string below = folder + "/cairn-self";
  if (mkdir(below.c_str(), 0755) != 0 && errno != EEXIST) return failed(below, errno);
  // Whoever starts something meanwhile starts it in the old group: so again, until it is empty.
  for (int round = 0; round < 10; ++round) {
    std::istringstream pids(text_of(folder + "/cgroup.procs"));
    bool any = false;
    for (std::string pid; pids >> pid; any = true) (void)write_value(below + "/cgroup.procs", pid);
    if (!any) break;
  }
  const int error = write_value(folder + "/cgroup.subtree_control", wanted);
  if (error != 0) return failed(folder + "/cgroup.subtree_control", error);
  return Done{};
}

Result<Cgroup> Cgroups::make(const std::string& name, const ProcessLimits& limits) {
  if (const std::string why = missing(limits); !why.empty()) return Failure{why};
  Cgroup group;
  const auto give_up = [&](const std::string& what, int error) {
    (void)remove(group);
    return Failure{fmt::format("{}: {}", what, std::strerror(error))};
  };
  std::map<std::string, std::vector<std::string>> by_home;
  for (const std::string& controller : controllers_of(limits))
    by_home[homes_.at(controller).folder].push_back(controller);
  for (const auto& [home, controllers] : by_home) {
    const bool unified = homes_.at(controllers.front()).unified;
    if (unified)
      if (Result<Done> delegated = delegate(home, controllers); !delegated) return delegated.failure();
    remove_stale(home);
    const std::string folder = home + "/" + name;
    if (mkdir(folder.c_str(), 0755) != 0) return give_up(folder, errno);
    group.folders.push_back(folder);
    for (const Setting& setting : settings_of(limits, unified)) {
      if (std::find(controllers.begin(), controllers.end(), setting.controller) == controllers.end())
        continue;
      const int error = write_value(folder + "/" + setting.file, setting.value);
      if (error != 0 && setting.needed) return give_up(folder + "/" + setting.file, error);
    }
    FileDescriptor entry(open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!entry.open()) return give_up(folder + "/cgroup.procs", errno);
    group.entries.push_back(std::move(entry));
  }
  return group;
}

bool Cgroups::remove(const Cgroup& group) {
  bool gone = true;
  for (const std::string& folder : group.folders)
    if (rmdir(folder.c_str()) != 0 && errno != ENOENT) gone = false;
  return gone;
}

}  // namespace cairn::keeper
