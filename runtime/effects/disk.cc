#include "runtime/effects/disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/effects/file_descriptor.h"

namespace cairn {
namespace {

Failure failed(const char* verb, const std::string& path, int error = errno) {
  Failure failure{fmt::format("could not {} `{}`", verb, path)};
  failure.causes.push_back(std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) failure.help = "free some space and run it again";
  if (error == ELOOP) failure.help = "it is a symbolic link, which is not followed here: remove it";
  return failure;
}

Result<Done> write_whole(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write to", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return Done{};
}

class MachineFile final : public AppendFile {
 public:
  MachineFile(FileDescriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Result<Done> append(std::string_view bytes) override { return write_whole(file_.number(), bytes, path_); }
  Result<Done> sync() override {
    if (fdatasync(file_.number()) != 0) return failed("sync", path_);
    return Done{};
  }
  Result<Done> cut(std::uint64_t size) override {
    if (ftruncate(file_.number(), static_cast<off_t>(size)) != 0) return failed("shorten", path_);
    return Done{};
  }

 private:
  FileDescriptor file_;
  std::string path_;
};

class MachineDisk final : public Disk {
 public:
  Result<std::unique_ptr<AppendFile>> open(const std::string& path) override {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) return failed("open", path);
    return std::unique_ptr<AppendFile>(std::make_unique<MachineFile>(std::move(file), path));
  }

  Result<std::string> read(const std::string& path) override {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.open()) return failed("read", path);
    std::string text;
    std::array<char, 64 << 10> piece;
    for (;;) {
      const ssize_t got = ::read(file.number(), piece.data(), piece.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed("read", path);
      if (got == 0) return text;
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
  }

  Result<Done> replace(const std::string& path, std::string_view text) override {
    const std::string draft = path + ".new";
    {
      const FileDescriptor file(
          ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
      if (!file.open()) return failed("write", draft);
      if (Result<Done> written = write_whole(file.number(), text, draft); !written) return written;
      if (fdatasync(file.number()) != 0) return failed("sync", draft);
    }
    if (Result<Done> renamed = rename(draft, path); !renamed) return renamed;
    return sync_folder(folder_of(path));
  }

  Result<Done> rename(const std::string& from, const std::string& to) override {
    if (std::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from);
    return Done{};
  }

  Result<Done> sync_folder(const std::string& path) override {
    const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.open() || fsync(folder.number()) != 0) return failed("sync", path);
    return Done{};
  }
};

}  // namespace

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

Disk& real_disk() {
  static MachineDisk disk;
  return disk;
}

}  // namespace cairn
