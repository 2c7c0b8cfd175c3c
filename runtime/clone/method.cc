#include "runtime/clone/method.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "runtime/clone/failed.h"
#include "runtime/effects/file_descriptor.h"

namespace cairn::clone {
namespace {

constexpr off_t kProbed = 65536;        // bytes: a multiple of every block size
constexpr ino_t kSubvolumeInode = 256;  // the root of every btrfs subvolume has it

// Without a name where the file system can: then nothing is left, however this process ends.
struct ProbeFile {
  explicit ProbeFile(const std::string& folder) {
    file = FileDescriptor(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file.open() || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return;
    path = folder + "/.cairn-probe-XXXXXX";
    file = FileDescriptor(mkostemp(path.data(), O_CLOEXEC));
  }
  ~ProbeFile() {
    if (file.open() && !path.empty()) unlink(path.c_str());
  }
  ProbeFile(const ProbeFile&) = delete;
  ProbeFile& operator=(const ProbeFile&) = delete;
  std::string path;
  FileDescriptor file;
};

FileDescriptor some_file_of(const std::string& source) {
  std::error_code error;
  if (std::filesystem::is_regular_file(source, error)) {
    return FileDescriptor(open(source.c_str(), O_RDONLY | O_CLOEXEC));
  }
  for (std::filesystem::recursive_directory_iterator at(source, error), end; !error && at != end;
       at.increment(error)) {
    if (!at->is_regular_file(error) || at->is_symlink(error) || at->file_size(error) == 0) continue;
    FileDescriptor file(open(at->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.open()) return file;
  }
  return {};
}

std::pair<std::string, std::string> parent_and_name(const std::string& path) {
  const std::filesystem::path clean = std::filesystem::path(path).lexically_normal();
  const std::filesystem::path plain = clean.has_filename() ? clean : clean.parent_path();
  return {plain.parent_path().empty() ? "." : plain.parent_path().string(), plain.filename().string()};
}

}  // namespace

const char* name_of(Method method) {
  switch (method) {
    case Method::snapshot:
      return "snapshot";
    case Method::reflink:
      return "reflink";
    case Method::copy:
      return "copy";
  }
  return "copy";
}

bool is_subvolume(const std::string& folder) {
  struct stat facts {};
  struct statfs system {};
  return stat(folder.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_ino == kSubvolumeInode &&
         statfs(folder.c_str(), &system) == 0 && system.f_type == BTRFS_SUPER_MAGIC;
}

Result<> make_subvolume(const std::string& folder) {
  const auto [parent, name] = parent_and_name(folder);
  const FileDescriptor in(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  btrfs_ioctl_vol_args arguments{};
  if (name.size() > BTRFS_PATH_NAME_MAX) return Failure{.message = "the name " + name + " is too long"};
  std::memcpy(arguments.name, name.c_str(), name.size());
  if (!in.open() || ioctl(in.number(), BTRFS_IOC_SUBVOL_CREATE, &arguments) != 0) {
    return failed("make the subvolume " + folder);
  }
  return Done{};
}

Result<> take_subvolume_snapshot(const std::string& source, const std::string& target) {
  const auto [parent, name] = parent_and_name(target);
  const FileDescriptor from(open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const FileDescriptor in(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!from.open()) return failed("open " + source);
  if (!in.open()) return failed("open " + parent);
  btrfs_ioctl_vol_args_v2 arguments{};
  arguments.fd = from.number();
  if (name.size() > BTRFS_SUBVOL_NAME_MAX) return Failure{.message = "the name " + name + " is too long"};
  std::memcpy(arguments.name, name.c_str(), name.size());
  if (ioctl(in.number(), BTRFS_IOC_SNAP_CREATE_V2, &arguments) != 0) {
    return failed("take a snapshot of " + source + " at " + target);
  }
  return Done{};
}

Result<> remove_subvolume(const std::string& folder) {
  const auto [parent, name] = parent_and_name(folder);
  const FileDescriptor in(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  btrfs_ioctl_vol_args arguments{};
  if (name.size() > BTRFS_PATH_NAME_MAX) return Failure{.message = "the name " + name + " is too long"};
  std::memcpy(arguments.name, name.c_str(), name.size());
  if (!in.open() || ioctl(in.number(), BTRFS_IOC_SNAP_DESTROY, &arguments) != 0) {
    return failed("remove the subvolume " + folder);
  }
  return Done{};
}

Result<Choice> probe_method(const std::string& source, const std::string& target_folder) {
  struct stat from {
  }, to{};
  if (stat(source.c_str(), &from) != 0) return failed("look at " + source);
  if (stat(target_folder.c_str(), &to) != 0) return failed("look at " + target_folder);
  if (is_subvolume(source)) {
    const std::string probe = target_folder + "/.cairn-probe-" + std::to_string(getpid());
    if (take_subvolume_snapshot(source, probe).ok()) {
      if (Result<> gone = remove_subvolume(probe); !gone.ok()) {
        std::error_code error;  // without the right to destroy subvolumes its files can still go
        std::filesystem::remove_all(probe, error);
        if (error) return gone.failure();
      }
      return Choice{Method::snapshot, source + " is a btrfs subvolume"};
    }
  }
  ProbeFile target(target_folder);
  if (!target.file.open()) return failed("write into " + target_folder);
  // A seed stays as it is, its times too: one of its own files is tried, and only an empty folder gets a
  // probe.
  FileDescriptor tried = some_file_of(source);
  std::optional<ProbeFile> inside;
  if (!tried.open()) {
    const std::string folder = S_ISDIR(from.st_mode) ? source : parent_and_name(source).first;
    inside.emplace(folder);
    if (!inside->file.open()) return Choice{Method::copy, "nothing in " + source + " can be tried"};
    const std::string block(4096, 'c');
    if (write(inside->file.number(), block.data(), block.size()) != 4096)
      return failed("write into " + folder);
  }
  const int number = tried.open() ? tried.number() : inside->file.number();
  struct stat facts {};
  if (fstat(number, &facts) != 0) return failed("look at a file of " + source);
  file_clone_range range{};
  range.src_fd = number;
  range.src_length = facts.st_size >= kProbed ? kProbed : 0;  // 0: to the end
  const bool shared = ioctl(target.file.number(), FICLONERANGE, &range) == 0;
  const int error = errno;
  if (inside) {
    inside.reset();
    const timespec times[2] = {from.st_atim, from.st_mtim};
    if (S_ISDIR(from.st_mode)) (void)utimensat(AT_FDCWD, source.c_str(), times, 0);
  }
  if (shared) return Choice{Method::reflink, source + " and " + target_folder + " can share extents"};
  if (error == EXDEV)
    return Choice{Method::copy, source + " and " + target_folder + " are different file systems"};
  return Choice{Method::copy, "the file system of " + target_folder + " cannot share extents (" +
                                  std::strerror(error) + ")"};
}

}  // namespace cairn::clone
