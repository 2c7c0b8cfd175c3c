// What a tree is and who uses it.
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "runtime/clone/failed.h"
#include "runtime/clone/paths.h"
#include "runtime/clone/tree.h"
#include "runtime/effects/file_descriptor.h"

namespace cairn::clone {
namespace {}  // namespace

Result<Usage> usage_of_tree(const std::string& root) {
  const Result<std::vector<std::string>> paths = paths_of(root);
  if (!paths.ok()) return paths.failure();
  constexpr std::uint32_t kExtents = 256;
  std::vector<char> memory(sizeof(fiemap) + kExtents * sizeof(fiemap_extent));
  Usage usage;
  for (const std::string& inner : *paths) {
    const std::string path = root + inner;
    struct stat facts {};
    if (lstat(path.c_str(), &facts) != 0) return failed("look at " + path);
    if (!S_ISREG(facts.st_mode)) continue;
    const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.open()) return failed("read " + path);
    std::uint64_t from = 0;
    for (bool last = false; !last;) {
      std::fill(memory.begin(), memory.end(), '\0');
      fiemap* const map = reinterpret_cast<fiemap*>(memory.data());
      map->fm_start = from;
      map->fm_length = FIEMAP_MAX_OFFSET - from;
      map->fm_flags = FIEMAP_FLAG_SYNC;
      map->fm_extent_count = kExtents;
      if (ioctl(file.number(), FS_IOC_FIEMAP, map) != 0) return failed("map the extents of " + path);
      if (map->fm_mapped_extents == 0) break;
      for (std::uint32_t i = 0; i < map->fm_mapped_extents; ++i) {
        const fiemap_extent& extent = map->fm_extents[i];
        usage.allocated += extent.fe_length;
        if ((extent.fe_flags & FIEMAP_EXTENT_SHARED) != 0) usage.shared += extent.fe_length;
        from = extent.fe_logical + extent.fe_length;
        last = last || (extent.fe_flags & FIEMAP_EXTENT_LAST) != 0;
      }
    }
  }
  return usage;
}

std::vector<std::string> users_of(const std::string& folder) {
  std::error_code error;
  const std::string root = std::filesystem::weakly_canonical(folder, error).string();
  const auto inside = [&](const std::string& path) {
    return path == root ||
           (path.size() > root.size() && path.compare(0, root.size(), root) == 0 && path[root.size()] == '/');
  };
  // In other mount namespaces the folder is known by its place on its device.
  struct stat own {};
  const bool known = stat(root.c_str(), &own) == 0;
  const std::string own_mounts = read_link("/proc/self/ns/mnt");
  std::set<std::string> users, asked;
  for (const auto& process : std::filesystem::directory_iterator("/proc", error)) {
    const std::string id = process.path().filename().string();
    if (id.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string base = process.path().string();
    bool uses = inside(read_link(base + "/cwd")) || inside(read_link(base + "/root"));
    std::error_code gone;
    for (std::filesystem::directory_iterator at(base + "/fd", gone), end; !uses && !gone && at != end;
         at.increment(gone)) {
      uses = inside(read_link(at->path().string()));
    }
    const std::string mounts_of = read_link(base + "/ns/mnt");
    // One process speaks for all that see the same mounts; what is mounted where we see it is none of theirs.
    if (!uses && known && mounts_of != own_mounts && asked.insert(mounts_of).second) {
      std::ifstream mounts(base + "/mountinfo");
      for (std::string line; !uses && std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string skipped, where;
        words >> skipped >> skipped >> skipped >> skipped >> where;
        // A bind mount of the very folder, as an engine makes one for a container.
        struct stat there {};
        if (where == "/" || where == root) continue;
        uses = stat((base + "/root" + where).c_str(), &there) == 0 && there.st_dev == own.st_dev &&
               there.st_ino == own.st_ino;
      }
    }
    if (!uses) continue;
    std::string name;
    std::ifstream(base + "/comm") >> name;
    users.insert(name + " (" + id + ")");
  }
  return {users.begin(), users.end()};
}

}  // namespace cairn::clone
