#include "runtime/clone/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "runtime/clone/failed.h"
#include "runtime/effects/file_descriptor.h"

namespace cairn::clone {
namespace {

struct FolderEnd {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, FolderEnd>;

Failure copying_failed(const std::string& what, int error = errno) {
  Failure failure = failed(what, error);
  if (error == ENOSPC) failure.help = "free some space there, or clone into a larger pool";
  return failure;
}

Failure cancelled(const std::string& source) {
  return {.message = "stopped while cloning " + source, .is = FailureClass::cancelled};
}

void copy_attributes(int from, int to) {
  std::string names(static_cast<std::size_t>(std::max<ssize_t>(0, flistxattr(from, nullptr, 0))), '\0');
  const ssize_t length = names.empty() ? 0 : flistxattr(from, names.data(), names.size());
  for (ssize_t at = 0; at < length;) {
    const char* const name = names.c_str() + at;
    std::string value(static_cast<std::size_t>(std::max<ssize_t>(0, fgetxattr(from, name, nullptr, 0))),
                      '\0');
    const ssize_t size = fgetxattr(from, name, value.data(), value.size());
    // security.* and trusted.* belong to whoever may set them.
    if (size >= 0) (void)fsetxattr(to, name, value.data(), static_cast<std::size_t>(size), 0);
    at += static_cast<ssize_t>(std::strlen(name)) + 1;
  }
}

// Only what holds data; holes stay holes.
bool copy_content(int from, int to, off_t size) {
  if (ftruncate(to, size) != 0) return false;
  for (off_t at = lseek(from, 0, SEEK_DATA); at >= 0 && at < size;) {
    const off_t end = std::min<off_t>(size, lseek(from, at, SEEK_HOLE));
    off_t in = at, out = at;
    while (in < end) {
      const ssize_t count = copy_file_range(from, &in, to, &out, static_cast<std::size_t>(end - in), 0);
      if (count > 0) continue;
      if (count == 0) return true;  // the source became shorter meanwhile
      if (errno != EXDEV && errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS) return false;
      std::vector<char> buffer(1u << 20);
      while (in < end) {
        const std::size_t wanted = std::min(buffer.size(), static_cast<std::size_t>(end - in));
        const ssize_t got = pread(from, buffer.data(), wanted, in);
        if (got < 0) return false;
        if (got == 0) return true;
        for (ssize_t done = 0; done < got;) {
          const ssize_t put =
              pwrite(to, buffer.data() + done, static_cast<std::size_t>(got - done), in + done);
          if (put < 0) return false;
          done += put;
        }
        in += got;
      }
      out = in;
    }
    at = lseek(from, end, SEEK_DATA);
  }
  return true;
}

class Cloning {
 public:
  Cloning(std::string source, std::string target, Method method, std::stop_token stop)
      : source_(std::move(source)), target_(std::move(target)), method_(method), stop_(std::move(stop)) {
    cloned_.method = method;
  }

  // The folder `target` is there already.
  Result<Cloned> content() {
    if (Result<> walked = walk(""); !walked.ok()) return walked.failure();
    if (Result<> filled = fill_all(); !filled.ok()) return filled.failure();
    for (const auto& [first, second] : links_) {
      if (link((target_ + first).c_str(), (target_ + second).c_str()) != 0)
        return copying_failed("link " + target_ + second);
    }
    // Deepest first, because filling a folder changes its times.
    for (std::size_t i = folders_.size(); i-- > 0;) {
      if (Result<> done = dress_folder(folders_[i]); !done.ok()) return done.failure();
    }
    cloned_.owners_lost = owners_lost_;
    return cloned_;
  }

  Result<Cloned> single_file(const struct stat& facts) {
    files_.push_back({"", facts});
    cloned_.files = 1;
    cloned_.bytes = static_cast<std::uint64_t>(facts.st_size);
    if (Result<> filled = fill_all(); !filled.ok()) return filled.failure();
    return cloned_;
  }

 private:
  struct File {
    std::string path;  // begins with "/"
    struct stat facts;
  };

  Result<> walk(const std::string& inner) {
    if (stop_.stop_requested()) return cancelled(source_);
    const std::string path = source_ + inner;
    struct stat facts {};
    if (lstat(path.c_str(), &facts) != 0) return copying_failed("look at " + path);
    folders_.push_back({inner, facts});
    const Folder folder(opendir(path.c_str()));
    if (!folder) return copying_failed("read " + path);
    while (const dirent* const entry = readdir(folder.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (Result<> seen = visit(inner + "/" + name); !seen.ok()) return seen;
    }
    return Done{};
  }

  Result<> visit(const std::string& inner) {
    const std::string from = source_ + inner, to = target_ + inner;
    struct stat facts {};
    if (lstat(from.c_str(), &facts) != 0) return copying_failed("look at " + from);
    switch (facts.st_mode & S_IFMT) {
      case S_IFDIR:
        if (mkdir(to.c_str(), 0700) != 0) return copying_failed("make " + to);
        return walk(inner);
      case S_IFREG:
        if (facts.st_nlink > 1) {
          const auto [first, is_new] = linked_.try_emplace({facts.st_dev, facts.st_ino}, inner);
          if (!is_new) {
            links_.emplace_back(first->second, inner);
            return Done{};
          }
        }
        files_.push_back({inner, facts});
        ++cloned_.files;
        cloned_.bytes += static_cast<std::uint64_t>(facts.st_size);
        return Done{};
      case S_IFLNK: {
        std::string aim(static_cast<std::size_t>(facts.st_size) + 4096, '\0');
        const ssize_t length = readlink(from.c_str(), aim.data(), aim.size());
        if (length < 0) return copying_failed("read the link " + from);
        aim.resize(static_cast<std::size_t>(length));
        if (symlink(aim.c_str(), to.c_str()) != 0) return copying_failed("make the link " + to);
        return dress(AT_FDCWD, to, facts);
      }
      case S_IFIFO:
        if (mkfifo(to.c_str(), 0600) != 0) return copying_failed("make " + to);
        return dress(AT_FDCWD, to, facts);
      case S_IFSOCK:
        ++cloned_.sockets_left_out;
        return Done{};
      default:
        return Failure{.message = "could not clone " + from,
                       .causes = {"it is a device, which is not data"},
                       .help = "keep devices out of the folder that is cloned"};
    }
  }

  // Owner, mode and times of what is no regular file.
  Result<> dress(int in, const std::string& path, const struct stat& facts) {
    if (fchownat(in, path.c_str(), facts.st_uid, facts.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != EPERM) return copying_failed("give away " + path);
      ++owners_lost_;
    }
    if (!S_ISLNK(facts.st_mode) && fchmodat(in, path.c_str(), facts.st_mode & 07777, 0) != 0) {
      return copying_failed("set the mode of " + path);
    }
    const timespec times[2] = {facts.st_atim, facts.st_mtim};
    if (utimensat(in, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
      return copying_failed("set the times of " + path);
    return Done{};
  }

  Result<> dress_folder(const File& folder) {
    const FileDescriptor from(open((source_ + folder.path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const FileDescriptor to(open((target_ + folder.path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (from.open() && to.open()) copy_attributes(from.number(), to.number());
    return dress(AT_FDCWD, target_ + folder.path, folder.facts);
  }

  Result<> fill(const File& file) {
    const std::string from = source_ + file.path, to = target_ + file.path;
    const FileDescriptor in(open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!in.open()) return copying_failed("read " + from);
    const FileDescriptor out(open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!out.open()) return copying_failed("make " + to);
    if (method_ == Method::copy) {
      if (!copy_content(in.number(), out.number(), file.facts.st_size)) return copying_failed("copy " + from);
    } else if (ioctl(out.number(), FICLONE, in.number()) != 0) {
      return copying_failed("clone " + from + " to " + to);
    }
    copy_attributes(in.number(), out.number());
    if (fchown(out.number(), file.facts.st_uid, file.facts.st_gid) != 0) {
      if (errno != EPERM) return copying_failed("give away " + to);
      ++owners_lost_;
    }
    if (fchmod(out.number(), file.facts.st_mode & 07777) != 0) return copying_failed("set the mode of " + to);
    const timespec times[2] = {file.facts.st_atim, file.facts.st_mtim};
    if (futimens(out.number(), times) != 0) return copying_failed("set the times of " + to);
    return Done{};
  }

  Result<> fill_all() {
    const std::size_t most = method_ == Method::copy ? 4 : 2;
    const std::size_t workers = std::min(
        {most, std::size_t{std::max(1u, std::thread::hardware_concurrency())}, files_.size() / 8 + 1});
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::optional<Failure> first;
    const auto work = [&] {
      for (std::size_t i = 0; (i = next++) < files_.size();) {
        Result<> filled = stop_.stop_requested() ? Result<>(cancelled(source_)) : fill(files_[i]);
        if (filled.ok()) continue;
        std::lock_guard lock(mutex);
        if (!first) first = std::move(filled.failure());
        next = files_.size();
      }
    };
    {
      std::vector<std::jthread> others;
      for (std::size_t i = 1; i < workers; ++i) others.emplace_back(work);
      work();
    }
    if (first) return *first;
    return Done{};
  }

  const std::string source_, target_;
  const Method method_;
  const std::stop_token stop_;
  Cloned cloned_;
  std::atomic<std::uint64_t> owners_lost_ = 0;
  std::vector<File> files_, folders_;
  std::map<std::pair<dev_t, ino_t>, std::string> linked_;
  std::vector<std::pair<std::string, std::string>> links_;  // first path, further path
};

Result<struct stat> facts_of(const std::string& source, const std::string& target) {
  struct stat facts {};
  if (lstat(source.c_str(), &facts) != 0) return copying_failed("look at " + source);
  if (!S_ISDIR(facts.st_mode) && !S_ISREG(facts.st_mode)) {
    return Failure{.message = "could not clone " + source, .causes = {"it is neither a folder nor a file"}};
  }
  std::error_code error;
  const std::string from = std::filesystem::weakly_canonical(source, error).string() + "/";
  const std::string to = std::filesystem::weakly_canonical(target, error).string() + "/";
  if (to.rfind(from, 0) == 0) {
    return Failure{.message = "could not clone " + source + " to " + target,
                   .causes = {"the target lies inside the source"},
                   .nothing_done = true};
  }
  return facts;
}

// Nothing: the folder cannot be exchanged, and is as it was.
std::optional<Result<Cloned>> overwrite_at_once(const std::string& source, const std::string& target,
                                                Method method, const std::stop_token& stop) {
  const std::string fresh = beside(target);
  struct stat here {
  }, above{};
  const std::string parent = std::filesystem::path(fresh).parent_path().string();
  if (stat(target.c_str(), &here) != 0 || stat(parent.empty() ? "." : parent.c_str(), &above) != 0 ||
      (here.st_dev != above.st_dev && !is_subvolume(target)))
    return std::nullopt;
  if (!remove_tree(fresh).ok()) return std::nullopt;  // of one that was killed
  const bool made = is_subvolume(target) ? make_subvolume(fresh).ok() : mkdir(fresh.c_str(), 0700) == 0;
  if (!made) return std::nullopt;
  Result<Cloned> cloned = Cloning(source, fresh, method, stop).content();
  if (!cloned.ok()) cloned.failure().nothing_done = true;
  const bool exchanged =
      cloned.ok() && renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0;
  Result<> gone = remove_tree(fresh);
  if (cloned.ok() && !exchanged && gone.ok()) return std::nullopt;
  if (gone.ok()) return cloned;
  if (!cloned.ok()) {
    cloned.failure().causes.push_back("and what was begun is still there: " + gone.failure().message);
    return cloned;
  }
  return std::move(gone.failure()).within("could not remove what " + target + " held before");
}

}  // namespace

Result<Cloned> clone_tree(const std::string& source, const std::string& target, Method method,
                          std::stop_token stop) {
  const Result<struct stat> facts = facts_of(source, target);
  if (!facts.ok()) return facts.failure();
  struct stat there {};
  if (lstat(target.c_str(), &there) == 0) {
    return Failure{.message = "could not clone " + source + " to " + target,
                   .causes = {"something is there already"},
                   .nothing_done = true};
  }
  if (method == Method::snapshot) {
    if (Result<> taken = take_subvolume_snapshot(source, target); !taken.ok()) return taken.failure();
    return Cloned{.method = method};
  }
  Cloning cloning(source, target, method, std::move(stop));
  Result<Cloned> cloned = Cloned{};
  if (S_ISREG(facts->st_mode)) {
    cloned = cloning.single_file(*facts);
  } else {
    if (mkdir(target.c_str(), 0700) != 0) return copying_failed("make " + target);
    cloned = cloning.content();
  }
  if (!cloned.ok()) {
    if (Result<> gone = remove_tree(target); !gone.ok()) {
      cloned.failure().causes.push_back("and what was begun is still there: " + gone.failure().message);
    }
  }
  return cloned;
}

std::string beside(const std::string& target) {
  std::filesystem::path path = std::filesystem::path(target).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return path.string() + ".cairn-new";
}

Result<Cloned> overwrite_tree(const std::string& source, const std::string& target, Method method,
                              std::stop_token stop) {
  const Result<struct stat> facts = facts_of(source, target);
  if (!facts.ok()) return facts.failure();
  if (const std::vector<std::string> users = users_of(target); !users.empty()) {
    return Failure{.message = "could not overwrite " + target,
                   .causes = {"it is in use by " + users.front()},
                   .help = "stop what uses it first",
                   .nothing_done = true};
  }
  std::error_code error;
  if (!std::filesystem::is_directory(target, error) || !S_ISDIR(facts->st_mode)) {
    return Failure{.message = "could not overwrite " + target,
                   .causes = {"source and target have to be folders"},
                   .nothing_done = true};
  }
  // A snapshot cannot be put into a folder that stays: its files can share extents all the same.
  if (method == Method::snapshot) method = Method::reflink;
  if (std::optional<Result<Cloned>> exchanged = overwrite_at_once(source, target, method, stop))
    return std::move(*exchanged);
  for (const auto& entry : std::filesystem::directory_iterator(target, error)) {
    if (Result<> gone = remove_tree(entry.path().string()); !gone.ok()) {
      return std::move(gone.failure()).within("could not overwrite " + target);
    }
  }
  return Cloning(source, target, method, std::move(stop)).content();
}

Result<Cloned> fill_folder(const std::string& source, const std::string& target, Method method,
                           std::stop_token stop) {
  const Result<struct stat> facts = facts_of(source, target);
  if (!facts.ok()) return facts.failure();
  std::error_code error;
  if (!S_ISDIR(facts->st_mode) || !std::filesystem::is_empty(target, error) || error) {
    return Failure{.message = "could not fill " + target + " from " + source,
                   .causes = {error                     ? error.message()
                              : S_ISDIR(facts->st_mode) ? "something is in it already"
                                                        : "the source is no folder"},
                   .nothing_done = true};
  }
  return Cloning(source, target, method == Method::snapshot ? Method::reflink : method, std::move(stop))
      .content();
}

Result<> remove_tree(const std::string& path) {
  struct stat facts {};
  if (lstat(path.c_str(), &facts) != 0)
    return errno == ENOENT ? Result<>(Done{}) : copying_failed("look at " + path);
  if (is_subvolume(path) && remove_subvolume(path).ok()) return Done{};
  if (S_ISDIR(facts.st_mode)) {
    struct stat above {};
    const std::string parent = std::filesystem::path(path).parent_path().string();
    if (lstat((parent.empty() ? "." : parent).c_str(), &above) == 0 && above.st_dev != facts.st_dev &&
        !is_subvolume(path)) {
      return Failure{.message = "could not remove " + path,
                     .causes = {"something is mounted there"},
                     .help = "unmount it first"};
    }
    std::vector<std::string> names;
    {
      const Folder folder(opendir(path.c_str()));
      if (!folder) return copying_failed("read " + path);
      while (const dirent* const entry = readdir(folder.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
      }
    }
    for (const std::string& name : names) {
      if (Result<> gone = remove_tree(path + "/" + name); !gone.ok()) return gone;
    }
    if (rmdir(path.c_str()) != 0) return copying_failed("remove " + path);
    return Done{};
  }
  if (unlink(path.c_str()) != 0) return copying_failed("remove " + path);
  return Done{};
}

}  // namespace cairn::clone
