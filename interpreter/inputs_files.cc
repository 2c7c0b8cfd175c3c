#include "interpreter/inputs_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cairn {
namespace {

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.push_back(part);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return parts;
}

std::string why_not(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "no such file";
    case EXDEV:
      return "is outside of the project";
    case ELOOP:
      return "is a symbolic link that leads nowhere";
    case EACCES:
    case EPERM:
      return "this user may not read it";
    default:
      return std::strerror(error);
  }
}

bool fits_name(std::string_view name, std::string_view pattern) {
  // The usual walk with one place to come back to: behind the last `*`.
  std::size_t n = 0, p = 0, star = std::string_view::npos, back = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      back = n;
      continue;
    }
    bool fits = false;
    std::size_t next = p + 1;
    if (p < pattern.size() && pattern[p] == '[' && pattern.find(']', p + 2) != std::string_view::npos) {
      const std::size_t end = pattern.find(']', p + 2);
      const bool inverted = pattern[p + 1] == '!' || pattern[p + 1] == '^';
      for (std::size_t i = p + 1 + (inverted ? 1 : 0); i < end; ++i) {
        if (i + 2 < end && pattern[i + 1] == '-') {
          fits = fits || (pattern[i] <= name[n] && name[n] <= pattern[i + 2]);
          i += 2;
        } else {
          fits = fits || pattern[i] == name[n];
        }
      }
      fits = fits != inverted;
      next = end + 1;
    } else if (p < pattern.size()) {
      fits = pattern[p] == '?' || pattern[p] == name[n];
    }
    if (fits) {
      p = next;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++back;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

Folder::Folder(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
}

Folder::~Folder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<std::string> Folder::below(std::string_view path) const {
  if (path.find('\0') != std::string_view::npos) return std::nullopt;
  std::vector<std::string_view> parts;
  std::vector<std::string_view> all = parts_of(path);
  if (path.starts_with('/')) {
    const std::vector<std::string_view> root = parts_of(path_);
    std::vector<std::string_view> whole;
    for (const std::string_view part : all) {
      if (part != "..")
        whole.push_back(part);
      else if (!whole.empty())
        whole.pop_back();
    }
    if (whole.size() < root.size() || !std::equal(root.begin(), root.end(), whole.begin()))
      return std::nullopt;
    parts.assign(whole.begin() + static_cast<std::ptrdiff_t>(root.size()), whole.end());
  } else {
    for (const std::string_view part : all) {
      if (part != "..") {
        parts.push_back(part);
      } else {
        if (parts.empty()) return std::nullopt;
        parts.pop_back();
      }
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

int Folder::open_below(const std::string& path, int flags) const {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(
      ::syscall(SYS_openat2, descriptor_, path.empty() ? "." : path.c_str(), &how, sizeof how));
}

ReadAnswer Folder::read(std::string_view path, std::size_t largest) const {
  const std::optional<std::string> inner = below(path);
  if (!inner) return {std::nullopt, "is outside of the project"};
  if (!open()) return {std::nullopt, "there is no such folder, or this user may not enter it"};
  // Non-blocking: opening a pipe that nobody writes to must not wait. What it is, is looked at before it is
  // read.
  const int file = open_below(*inner, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return {std::nullopt, why_not(errno)};
  ReadAnswer answer;
  struct stat status {};
  if (::fstat(file, &status) != 0)
    answer.why_not = why_not(errno);
  else if (S_ISDIR(status.st_mode))
    answer.why_not = "is a directory";
  else if (!S_ISREG(status.st_mode))
    answer.why_not = "is not a regular file";
  else if (static_cast<std::uint64_t>(status.st_size) > largest)
    answer.why_not = fmt::format("is larger than {} MiB", largest >> 20);
  if (!answer.why_not.empty()) {
    ::close(file);
    return answer;
  }
  std::string text(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t length = 0;
  for (;;) {
    if (length == text.size()) text.resize(text.size() * 2);  // it grew, or lies about its size as /proc does
    const ssize_t got = ::read(file, text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) answer.why_not = why_not(errno);
    if (got <= 0) break;
    length += static_cast<std::size_t>(got);
    if (length > largest) {
      answer.why_not = fmt::format("is larger than {} MiB", largest >> 20);
      break;
    }
  }
  ::close(file);
  if (!answer.why_not.empty()) return answer;
  text.resize(length);
  answer.text = std::move(text);
  return answer;
}

bool Folder::exists(std::string_view path) const {
  const std::optional<std::string> inner = below(path);
  if (!inner) return false;
  const int file = open_below(*inner, O_PATH);
  if (file < 0) return false;
  ::close(file);
  return true;
}

std::vector<Folder::Entry> Folder::entries(const std::string& path) const {
  std::vector<Entry> found;
  const int file = open_below(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (file < 0) return found;
  DIR* stream = ::fdopendir(file);
  if (stream == nullptr) {
    ::close(file);
    return found;
  }
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    bool folder = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat status {};
      folder = ::fstatat(::dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
               S_ISDIR(status.st_mode);
    }
    found.push_back({std::string(name), folder});
  }
  ::closedir(stream);
  std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return found;
}

bool fits_pattern(std::string_view path, std::string_view pattern) {
  const std::vector<std::string_view> names = parts_of(path);
  const std::vector<std::string_view> wanted = parts_of(pattern);
  // fits[j]: the names so far fit the first j parts.
  std::vector<char> fits(wanted.size() + 1, 0);
  fits[0] = 1;
  for (std::size_t j = 0; j < wanted.size() && wanted[j] == "**"; ++j) fits[j + 1] = 1;
  for (const std::string_view name : names) {
    std::vector<char> next(wanted.size() + 1, 0);
    for (std::size_t j = 0; j < wanted.size(); ++j) {
      if (wanted[j] == "**") {
        if (fits[j] || fits[j + 1]) next[j + 1] = 1;
      } else if (fits[j] && fits_name(name, wanted[j])) {
        next[j + 1] = 1;
      }
    }
    for (std::size_t j = 0; j < wanted.size(); ++j)
      if (wanted[j] == "**" && next[j]) next[j + 1] = 1;
    fits = std::move(next);
  }
  return fits.back() != 0;
}

}  // namespace cairn
