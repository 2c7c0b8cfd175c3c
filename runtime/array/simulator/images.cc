#include "runtime/array/simulator/images.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "runtime/effects/file_descriptor.h"

namespace cairn::array::simulator {
namespace {

Failure failed(const std::string& what, const std::string& path) {
  Failure failure{.message = "could not " + what + " " + path, .causes = {std::strerror(errno)}};
  if (errno == ENOSPC) failure.help = "the folder of the simulated array is full";
  return failure;
}

// The parts of `from` that hold data, written to the same places of `to`; the rest stays a hole.
bool copy_data(int from, int to, off_t size) {
  std::vector<char> buffer(1u << 20);
  for (off_t at = lseek(from, 0, SEEK_DATA); at >= 0 && at < size;) {
    const off_t end = lseek(from, at, SEEK_HOLE);
    if (end < 0) return false;
    while (at < end) {
      const std::size_t wanted = std::min(buffer.size(), static_cast<std::size_t>(end - at));
      const ssize_t got = pread(from, buffer.data(), wanted, at);
      if (got <= 0) return false;
      for (ssize_t done = 0; done < got;) {
        const ssize_t put = pwrite(to, buffer.data() + done, static_cast<std::size_t>(got - done), at + done);
        if (put < 0) return false;
        done += put;
      }
      at += got;
    }
    at = lseek(from, at, SEEK_DATA);
  }
  return errno == 0 || errno == ENXIO;
}

}  // namespace

Result<std::unique_ptr<Images>> Images::in(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Failure{.message = "could not make the folder " + folder, .causes = {error.message()}};
  }
  const std::string source = folder + "/.probe-source", target = folder + "/.probe-target";
  bool shares = false;
  {
    const FileDescriptor from(open(source.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const FileDescriptor to(open(target.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!from.open() || !to.open()) return failed("write into", folder);
    const std::vector<char> block(65536, 'x');
    shares = write(from.number(), block.data(), block.size()) == static_cast<ssize_t>(block.size()) &&
             ioctl(to.number(), FICLONE, from.number()) == 0;
  }
  unlink(source.c_str());
  unlink(target.c_str());
  return std::unique_ptr<Images>(new Images(folder, shares));
}

std::string Images::description() const {
  return (shares_ ? "images that share what is equal, in " : "images that are copied whole, in ") + folder_;
}

Result<> Images::create(const std::string& serial, std::uint64_t bytes) {
  const std::string path = path_of(serial);
  const FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.open()) return failed("make", path);
  if (ftruncate(file.number(), static_cast<off_t>(bytes)) != 0) return failed("size", path);
  return Done{};
}

Result<> Images::copy(const std::string& from, const std::string& to) {
  if (Result<> filled = fill(path_of(from), path_of(to)); !filled.ok()) return filled;
  return Done{};
}

Result<> Images::fill(const std::string& from, const std::string& to) {
  const FileDescriptor source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.open()) return failed("open", from);
  const FileDescriptor target(open(to.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!target.open()) return failed("open", to);
  struct stat facts {};
  if (fstat(source.number(), &facts) != 0) return failed("look at", from);
  // What a loop device has not written back yet belongs to the source too.
  if (fdatasync(source.number()) != 0) return failed("flush", from);
  // FICLONE does not shorten a longer target, and what lies in a hole of the source has to go.
  if (ftruncate(target.number(), 0) != 0) return failed("empty", to);
  if (shares_) {
    if (ioctl(target.number(), FICLONE, source.number()) != 0) return failed("clone into", to);
    return Done{};
  }
  if (ftruncate(target.number(), facts.st_size) != 0) return failed("size", to);
  errno = 0;
  if (!copy_data(source.number(), target.number(), facts.st_size)) return failed("copy into", to);
  return Done{};
}

Result<> Images::resize(const std::string& serial, std::uint64_t bytes) {
  const std::string path = path_of(serial);
  if (truncate(path.c_str(), static_cast<off_t>(bytes)) != 0) return failed("size", path);
  return Done{};
}

Result<> Images::remove(const std::string& serial) {
  const std::string path = path_of(serial);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove", path);
  return Done{};
}

std::string Images::user_of(const std::string& serial) {
  std::error_code error;
  const std::string wanted = std::filesystem::canonical(path_of(serial), error).string();
  if (error) return {};
  for (const auto& device : std::filesystem::directory_iterator("/sys/block", error)) {
    const std::string name = device.path().filename().string();
    if (name.rfind("loop", 0) != 0) continue;
    std::ifstream file(device.path() / "loop/backing_file");
    std::string backing;
    if (!std::getline(file, backing) || backing != wanted) continue;
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
      const std::string start = "/dev/" + name + " ";
      if (line.rfind(start, 0) == 0) {
        return "/dev/" + name + " on " +
               line.substr(start.size(), line.find(' ', start.size()) - start.size());
      }
    }
    return "/dev/" + name;
  }
  return {};
}

}  // namespace cairn::array::simulator
