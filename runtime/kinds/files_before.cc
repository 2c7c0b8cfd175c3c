#include "runtime/kinds/files_before.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

// File systems stamp with the kernel's tick, 1 to 10 ms: writes within one look the same.
constexpr Milliseconds kGrain(20);

}  // namespace

std::vector<std::string> matches_of(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t matches{};
  if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches) == 0)
    paths.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  globfree(&matches);
  std::sort(paths.begin(), paths.end());
  return paths;
}

FilesBefore::Tree FilesBefore::tree_of(const std::string& path) {
  Tree tree;
  const auto add = [&](const std::string& one) {
    struct stat is {};
    if (lstat(one.c_str(), &is) == 0)
      tree[one] = {is.st_dev, is.st_ino, is.st_size, is.st_mtim.tv_sec, is.st_mtim.tv_nsec};
  };
  add(path);
  std::error_code error;
  if (!fs::is_directory(path, error)) return tree;
  for (auto entry = fs::recursive_directory_iterator(path, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error))
    add(entry->path().string());
  return tree;
}

FilesBefore::FilesBefore(const std::vector<std::string>& patterns, Clock& clock) {
  const std::int64_t now = clock.wall_clock_ms();
  bool written_just_now = false;
  for (const std::string& pattern : patterns)
    for (const std::string& path : matches_of(pattern)) {
      const Tree& tree = matches_[path] = tree_of(path);
      for (const auto& [one, stamp] : tree)
        written_just_now |=
            std::abs(now - (stamp.seconds * 1000 + stamp.nanoseconds / 1'000'000)) <= kGrain.count();
    }
  if (written_just_now) clock.sleep_for(kGrain, {});
}

bool FilesBefore::has_changed(const std::string& path) const {
  const auto before = matches_.find(path);
  return before == matches_.end() || before->second != tree_of(path);
}

}  // namespace cairn::kinds
