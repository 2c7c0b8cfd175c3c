// What a tree is and who uses it.
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "runtime/clone/tree.h"
#include "runtime/effects/file_descriptor.h"

namespace cairn::clone {
namespace {

Failure failed(const std::string& what) {
  return {.message = "could not " + what, .causes = {std::strerror(errno)}};
}

class Digest {
 public:
  Digest() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(const void* bytes, std::size_t count) { EVP_DigestUpdate(context_.get(), bytes, count); }
  // With its length, so that no two different lists of texts look the same.
  void add(std::string_view text) {
    const std::uint64_t length = text.size();
    add(&length, sizeof length);
    add(text.data(), text.size());
  }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int length = 0;
    EVP_DigestFinal_ex(context_.get(), bytes.data(), &length);
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
      text += "0123456789abcdef"[bytes[i] >> 4];
      text += "0123456789abcdef"[bytes[i] & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

// Every path below, sorted, "" first; symbolic links are not followed.
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

Result<> add_content(Digest& digest, const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.open()) return failed("read " + path);
  std::vector<char> buffer(1u << 18);
  ssize_t count = 0;
  while ((count = read(file.number(), buffer.data(), buffer.size())) > 0) {
    digest.add(buffer.data(), static_cast<std::size_t>(count));
  }
  if (count < 0) return failed("read " + path);
  return Done{};
}

void add_attributes(Digest& digest, const std::string& path) {
  std::string names(static_cast<std::size_t>(std::max<ssize_t>(0, llistxattr(path.c_str(), nullptr, 0))),
                    '\0');
  names.resize(
      static_cast<std::size_t>(std::max<ssize_t>(0, llistxattr(path.c_str(), names.data(), names.size()))));
  std::set<std::string> sorted;
  for (std::size_t at = 0; at < names.size(); at += std::strlen(names.c_str() + at) + 1) {
    sorted.insert(names.c_str() + at);
  }
  for (const std::string& name : sorted) {
    std::string value(
        static_cast<std::size_t>(std::max<ssize_t>(0, lgetxattr(path.c_str(), name.c_str(), nullptr, 0))),
        '\0');
    (void)lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    digest.add(name);
    digest.add(value);
  }
}

std::string read_link(const std::string& path) {
  std::array<char, 4096> aim{};
  const ssize_t length = readlink(path.c_str(), aim.data(), aim.size());
  return length < 0 ? std::string() : std::string(aim.data(), static_cast<std::size_t>(length));
}

}  // namespace

Result<std::string> hash_of_tree(const std::string& root) {
  const Result<std::vector<std::string>> paths = paths_of(root);
  if (!paths.ok()) return paths.failure();
  Digest digest;
  for (const std::string& inner : *paths) {
    const std::string path = root + inner;
    struct stat facts {};
    if (lstat(path.c_str(), &facts) != 0) return failed("look at " + path);
    digest.add(inner);
    const std::array<std::int64_t, 6> numbers = {
        static_cast<std::int64_t>(facts.st_mode),
        static_cast<std::int64_t>(facts.st_uid),
        static_cast<std::int64_t>(facts.st_gid),
        S_ISREG(facts.st_mode) ? static_cast<std::int64_t>(facts.st_size) : 0,
        static_cast<std::int64_t>(facts.st_mtim.tv_sec),
        static_cast<std::int64_t>(facts.st_mtim.tv_nsec)};
    digest.add(numbers.data(), sizeof numbers);
    add_attributes(digest, path);
    if (S_ISLNK(facts.st_mode)) digest.add(read_link(path));
    if (S_ISREG(facts.st_mode)) {
      if (Result<> added = add_content(digest, path); !added.ok()) return added.failure();
    }
  }
  return digest.hex();
}

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
  std::set<std::string> users;
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
    if (!uses && known && id != std::to_string(getpid())) {
      std::ifstream mounts(base + "/mountinfo");
      for (std::string line; !uses && std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string skipped, where;
        words >> skipped >> skipped >> skipped >> skipped >> where;
        // A bind mount of the very folder, as an engine makes one for a container.
        struct stat there {};
        if (where == "/" || where == root) continue;
        uses = stat((base + "/root" + where).c_str(), &there) == 0 && there.st_dev == own.st_dev &&
               there.st_ino == own.st_ino && read_link(base + "/ns/mnt") != read_link("/proc/self/ns/mnt");
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
