#include "runtime/clone/pool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "runtime/clone/failed.h"
#include "runtime/clone/loop_mount.h"
#include "runtime/clone/paths.h"
#include "runtime/effects/file_descriptor.h"

namespace cairn::clone {
namespace {

bool plain_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos;
}

Pool described(const std::string& folder, const std::string& name) {
  Pool pool{.name = name, .image = folder + "/" + name + ".img", .where = folder + "/" + name, .type = {}};
  struct stat facts {};
  if (stat(pool.image.c_str(), &facts) == 0) {
    pool.size = static_cast<std::uint64_t>(facts.st_size);
    pool.on_disk = static_cast<std::uint64_t>(facts.st_blocks) * 512;
  }
  pool.type = file_system_in(pool.image);
  for (const MountPoint& point : mount_points()) {
    if (point.where == canonical(pool.where) && point.image == canonical(pool.image)) pool.mounted = true;
  }
  struct statvfs space {};
  if (pool.mounted && statvfs(pool.where.c_str(), &space) == 0) {
    pool.free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  }
  return pool;
}

Result<> make_image(const PoolWish& wish, const std::string& image) {
  const std::string begun = image + ".new";
  {
    const FileDescriptor file(open(begun.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.open()) return failed("make " + begun);
    if (ftruncate(file.number(), static_cast<off_t>(wish.size)) != 0) return failed("size " + begun);
  }
  if (Result<> made = make_file_system(begun, wish.type); !made.ok()) {
    unlink(begun.c_str());
    return made;
  }
  if (rename(begun.c_str(), image.c_str()) != 0) return failed("make " + image);
  return Done{};
}

}  // namespace

Result<Pool> create_pool(const PoolWish& wish) {
  const std::string outer = "could not make the pool `" + wish.name + "`";
  if (!plain_name(wish.name)) {
    return Failure{.message = outer, .causes = {"it is not a plain name"}, .nothing_done = true};
  }
  if (wish.type != "xfs" && wish.type != "btrfs") {
    return Failure{.message = outer,
                   .causes = {"`" + wish.type + "` cannot share extents"},
                   .help = "choose xfs or btrfs",
                   .nothing_done = true};
  }
  constexpr std::uint64_t kSmallest = std::uint64_t{320} << 20;  // what mkfs.xfs asks for is 300 MiB
  if (wish.size < kSmallest) {
    return Failure{.message = outer,
                   .causes = {"its file system needs at least 320 MiB"},
                   .help = "the image is sparse: a large size costs nothing until it is used",
                   .nothing_done = true};
  }
  if (Result<> may = may_mount(); !may.ok()) return std::move(may.failure()).within(outer);
  std::error_code error;
  std::filesystem::create_directories(wish.folder, error);
  if (error) return Failure{.message = outer, .causes = {wish.folder + ": " + error.message()}};
  Pool pool = described(wish.folder, wish.name);
  if (pool.size == 0) {
    if (Result<> made = make_image(wish, pool.image); !made.ok())
      return std::move(made.failure()).within(outer);
  }
  if (!pool.mounted) {
    const Result<std::string> device = mount_image(pool.image, pool.where);
    if (!device.ok()) {
      Failure failure = device.failure();
      return std::move(failure).within(outer);
    }
  }
  return described(wish.folder, wish.name);
}

std::vector<Pool> list_pools(const std::string& folder) {
  std::vector<Pool> pools;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".img") pools.push_back(described(folder, entry.path().stem().string()));
  }
  std::sort(pools.begin(), pools.end(), [](const Pool& a, const Pool& b) { return a.name < b.name; });
  return pools;
}

std::optional<Pool> usable_pool(const std::string& folder) {
  std::vector<Pool> pools = list_pools(folder);
  std::stable_partition(pools.begin(), pools.end(), [](const Pool& pool) { return pool.name == "default"; });
  const auto found = std::find_if(pools.begin(), pools.end(), [](const Pool& pool) {
    return pool.mounted && access(pool.where.c_str(), W_OK | X_OK) == 0;
  });
  return found == pools.end() ? std::nullopt : std::optional<Pool>(*found);
}

Result<> remove_pool(const std::string& folder, const std::string& name, bool with_clones, Clock& clock,
                     std::stop_token stop) {
  const std::string outer = "could not remove the pool `" + name + "`";
  const Pool pool = described(folder, name);
  if (plain_name(name)) unlink((pool.image + ".new").c_str());  // of a `create` that was killed
  if (!plain_name(name) || pool.size == 0) {
    return Failure{.message = outer, .causes = {"there is none in " + folder}, .nothing_done = true};
  }
  if (pool.mounted) {
    const std::vector<PoolClone> clones = clones_in(pool);
    if (!clones.empty() && !with_clones) {
      return Failure{
          .message = outer,
          .causes = {std::to_string(clones.size()) + " clones are in it, for example " + clones[0].path},
          .help = "`cairn clean` removes what ended runs left",
          .nothing_done = true};
    }
    if (Result<> gone = unmount(pool.where, clock, stop); !gone.ok())
      return std::move(gone.failure()).within(outer);
  }
  if (unlink(pool.image.c_str()) != 0) return failed("remove " + pool.image);
  ::rmdir(pool.where.c_str());
  return Done{};
}

std::string clone_path(const Pool& pool, const std::string& project, const std::string& run,
                       const std::string& node) {
  return pool.where + "/" + project + "/" + run.substr(0, 6) + "-" + node;
}

std::vector<PoolClone> clones_in(const Pool& pool) {
  std::vector<PoolClone> clones;
  std::error_code error;
  for (const auto& project : std::filesystem::directory_iterator(pool.where, error)) {
    const std::string name = project.path().filename().string();
    if (!plain_name(name) || !project.is_directory(error)) continue;
    for (const auto& clone : std::filesystem::directory_iterator(project.path(), error)) {
      const std::string whose = clone.path().filename().string();
      if (whose.size() < 8 || whose[6] != '-') continue;
      clones.push_back({name, whose.substr(0, 6), whose.substr(7), clone.path().string()});
    }
  }
  std::sort(clones.begin(), clones.end(),
            [](const PoolClone& a, const PoolClone& b) { return a.path < b.path; });
  return clones;
}

bool lies_in(const Pool& pool, const std::string& path) {
  const std::string root = canonical(pool.where) + "/";
  return canonical(path).rfind(root, 0) == 0;
}

Result<Cloned> clone_into(const Pool& pool, const std::string& source, const std::string& target,
                          std::stop_token stop) {
  const std::string parent = std::filesystem::path(target).parent_path().string();
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) return Failure{.message = "could not make the folder " + parent, .causes = {error.message()}};
  const Result<Choice> choice = probe_method(source, parent);
  if (!choice.ok()) return choice.failure();
  const bool as_subvolume = pool.type == "btrfs" && choice->method != Method::snapshot &&
                            std::filesystem::is_directory(source, error);
  if (!as_subvolume) return clone_tree(source, target, choice->method, stop);
  if (Result<> made = make_subvolume(target); !made.ok()) return made.failure();
  Result<Cloned> filled = fill_folder(source, target, choice->method, stop);
  if (!filled.ok()) {
    if (Result<> gone = remove_tree(target); !gone.ok())
      filled.failure().causes.push_back("and what was begun is still there: " + gone.failure().message);
  }
  return filled;
}

}  // namespace cairn::clone
