#include "runtime/effects/locks.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>

namespace cairn {
namespace {

Failure failed(const std::string& message, int error = errno) {
  return Failure{message}.because(std::strerror(error));
}

struct flock whole_file(LockMode mode) {
  struct flock what {};
  what.l_type = mode == LockMode::shared ? F_RDLCK : F_WRLCK;
  what.l_whence = SEEK_SET;
  return what;
}

// What its holder wrote: empty if nothing.
std::string holder_in(int file) {
  std::array<char, 200> text{};
  const ssize_t got = pread(file, text.data(), text.size(), 0);
  std::string holder(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder;
}

void write_holder(int file, std::string_view holder) {
  const std::string text = fmt::format("{} (process {})\n", holder, getpid());
  if (ftruncate(file, 0) != 0) return;  // it is for messages only
  [[maybe_unused]] const ssize_t written = pwrite(file, text.data(), text.size(), 0);
}

// Makes a folder that is ours alone, or checks that the one that is there is.
Result<Done> private_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return failed(fmt::format("could not make `{}`", path));
  struct stat facts {};
  if (lstat(path.c_str(), &facts) != 0) return failed(fmt::format("could not look at `{}`", path));
  Failure refused{fmt::format("`{}` cannot be trusted", path)};
  if (S_ISLNK(facts.st_mode)) {
    refused.causes.push_back("it is a symbolic link");
    refused.help = fmt::format("remove `{}`; cairn makes it anew", path);
    return refused;
  }
  if (!S_ISDIR(facts.st_mode)) return std::move(refused).because("it is no folder");
  if (facts.st_uid != geteuid()) {
    refused.causes.push_back(fmt::format("it belongs to user {}, not to you", facts.st_uid));
    refused.help = "run cairn as that user, or in a copy of the project of your own";
    return refused;
  }
  if ((facts.st_mode & 0077) != 0) {
    refused.causes.push_back(fmt::format("others may enter it (mode {:04o})", facts.st_mode & 07777));
    refused.help = fmt::format("chmod 700 {}", path);
    return refused;
  }
  return Done{};
}

std::string run_path(const std::string& cairn_folder, std::string_view run_id) {
  return fmt::format("{}/runs/{}", cairn_folder, run_id);
}

}  // namespace

Result<Lock> take_lock(const std::string& path, LockMode mode, std::string_view holder) {
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.open()) return failed(fmt::format("could not open the lock `{}`", path));
  struct flock what = whole_file(mode);
  if (fcntl(file.number(), F_OFD_SETLK, &what) != 0) {
    if (errno != EAGAIN && errno != EACCES) return failed(fmt::format("could not lock `{}`", path));
    Failure failure{fmt::format("`{}` is locked", path)};
    const std::string other = holder_in(file.number());
    failure.causes.push_back(other.empty() ? "another cairn is at work" : fmt::format("by {}", other));
    failure.help = "wait until it has ended, or interrupt it";
    failure.nothing_done = true;
    return failure;
  }
  if (mode == LockMode::exclusive) write_holder(file.number(), holder);
  return Lock(std::move(file));
}

bool is_locked(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file.open()) return false;
  struct flock what = whole_file(LockMode::exclusive);
  return fcntl(file.number(), F_OFD_GETLK, &what) == 0 && what.l_type != F_UNLCK;
}

Result<std::string> project_folder(const std::string& project) {
  const std::string path = project + "/.cairn";
  if (Result<Done> made = private_folder(path); !made) return Failure(made.failure());
  return path;
}

Result<Lock> lock_project(const std::string& cairn_folder, LockMode mode, std::string_view holder) {
  return take_lock(cairn_folder + "/lock", mode, holder);
}

namespace {

std::vector<std::string> run_ids_in(const std::string& cairn_folder) {
  std::vector<std::string> ids;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir((cairn_folder + "/runs").c_str()), &closedir);
  while (folder) {
    const dirent* entry = readdir(folder.get());
    if (entry == nullptr) break;
    if (is_run_id(entry->d_name)) ids.emplace_back(entry->d_name);
  }
  return ids;
}

// What new_run_id() was given.
std::int64_t time_in(const std::string& run_id) {
  std::tm parts{};
  strptime(run_id.c_str(), "%Y%m%d-%H%M%S", &parts);
  const auto below_seconds = std::strtoull(std::string(short_run_id(run_id)).c_str(), nullptr, 16) >> 14;
  return static_cast<std::int64_t>(timegm(&parts)) * 1000 + static_cast<std::int64_t>(below_seconds);
}

}  // namespace

std::string new_run_id(std::int64_t wall_clock_ms, std::uint64_t randomness) {
  const std::time_t seconds = static_cast<std::time_t>(wall_clock_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}-{:06x}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     static_cast<std::uint64_t>(wall_clock_ms % 1000) << 14 | (randomness & 0x3FFF));
}

std::string next_run_id(const std::string& cairn_folder, std::int64_t wall_clock_ms,
                        std::uint64_t randomness) {
  std::string newest;
  for (std::string& run : run_ids_in(cairn_folder)) newest = std::max(newest, std::move(run));
  std::string id = new_run_id(wall_clock_ms, randomness);
  return id > newest ? id : new_run_id(time_in(newest) + 1, randomness);
}

std::string_view short_run_id(std::string_view run_id) {
  return run_id.substr(run_id.rfind('-') + 1);
}

bool is_run_id(std::string_view text) {
  constexpr std::string_view form = "dddddddd-dddddd-xxxxxx";
  return text.size() == form.size() &&
         std::equal(text.begin(), text.end(), form.begin(), [](char is, char must) {
           const auto byte = static_cast<unsigned char>(is);
           if (must == '-') return is == '-';
           return must == 'd' ? std::isdigit(byte) != 0 : std::isxdigit(byte) != 0 && std::isupper(byte) == 0;
         });
}

Result<RunFolder> create_run(const std::string& cairn_folder, const std::string& run_id) {
  if (Result<Done> made = private_folder(cairn_folder + "/runs"); !made) return Failure(made.failure());
  const std::string path = run_path(cairn_folder, run_id);
  if (mkdir(path.c_str(), 0700) != 0) return failed(fmt::format("could not make `{}`", path));
  Result<Lock> alive = take_lock(path + "/lock", LockMode::exclusive, "the run itself");
  if (!alive) return Failure(alive.failure());
  return RunFolder{path, std::move(*alive)};
}

Result<RunFolder> take_over_run(const std::string& cairn_folder, const std::string& run_id,
                                std::string_view holder) {
  const std::string path = run_path(cairn_folder, run_id);
  struct stat facts {};
  if (!is_run_id(run_id) || lstat(path.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) {
    Failure failure{fmt::format("there is no run `{}`", run_id)};
    failure.help = "`cairn runs` lists them";
    return failure;
  }
  if (Result<Done> trusted = private_folder(path); !trusted) return Failure(trusted.failure());
  Result<Lock> alive = take_lock(path + "/lock", LockMode::exclusive, holder);
  if (!alive) return std::move(alive.failure()).within(fmt::format("run `{}` is alive", run_id));
  return RunFolder{path, std::move(*alive)};
}

std::vector<RunOnDisk> runs_of(const std::string& cairn_folder) {
  std::vector<RunOnDisk> runs;
  for (std::string& id : run_ids_in(cairn_folder)) {
    const std::string path = run_path(cairn_folder, id);
    runs.push_back({std::move(id), path, is_locked(path + "/lock")});
  }
  std::sort(runs.begin(), runs.end(), [](const RunOnDisk& a, const RunOnDisk& b) { return a.id < b.id; });
  return runs;
}

}  // namespace cairn
