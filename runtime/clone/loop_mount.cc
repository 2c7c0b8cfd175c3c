#include "runtime/clone/loop_mount.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "runtime/clone/failed.h"
#include "runtime/clone/paths.h"
#include "runtime/effects/file_descriptor.h"

extern char** environ;

namespace cairn::clone {
namespace {

Failure loop_failed(const std::string& what, int error = errno) {
  Failure failure = failed(what, error);
  if (error == EPERM || error == EACCES) {
    failure.help = "this needs the capability SYS_ADMIN and the loop devices: run it with sudo";
  }
  return failure;
}

// mountinfo writes blanks and backslashes as octal.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string image_behind(const std::string& device) {
  if (device.rfind("/dev/loop", 0) != 0) return {};
  std::ifstream file("/sys/block/" + device.substr(5) + "/loop/backing_file");
  std::string image;
  std::getline(file, image);
  return image;
}

// The tool's own words on failure. Tools of mkfs are looked for where root's are, because PATH may lack sbin.
Result<> run(const std::vector<std::string>& command) {
  std::string program;
  for (const char* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"}) {
    if (access((folder + command[0]).c_str(), X_OK) == 0) {
      program = folder + command[0];
      break;
    }
  }
  const std::map<std::string, std::string> packages = {
      {"mkfs.xfs", "xfsprogs"}, {"mkfs.btrfs", "btrfs-progs"}, {"mkfs.ext4", "e2fsprogs"}};
  if (program.empty()) {
    const auto package = packages.find(command[0]);
    return Failure{.message = "could not run " + command[0],
                   .causes = {"it is not installed"},
                   .help = package == packages.end() ? "" : "install the package " + package->second,
                   .nothing_done = true};
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return loop_failed("run " + command[0]);
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, writing.number(), 1);
  posix_spawn_file_actions_adddup2(&actions, writing.number(), 2);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // A child inherits what its parent blocks; this one has to be endable. (The keeper is for processes of a
  // run: making pools is none.)
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int error = posix_spawn(&child, program.c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return loop_failed("run " + command[0], error);
  writing.close();
  std::string said;
  std::array<char, 4096> buffer;
  for (ssize_t count = 0; (count = read(reading.number(), buffer.data(), buffer.size())) > 0;) {
    said.append(buffer.data(), static_cast<std::size_t>(count));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return Done{};
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return Failure{.message = command[0] + " failed", .causes = {said.empty() ? "it said nothing" : said}};
}

struct Attached {
  FileDescriptor device;  // keeps it until it is mounted
  std::string path;
};

Result<Attached> attach(const std::string& image) {
  const FileDescriptor control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control.open()) return loop_failed("open /dev/loop-control");
  const FileDescriptor file(open(image.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.open()) return loop_failed("open " + image);
  // Somebody else may take the free device first.
  for (int attempt = 0; attempt < 64; ++attempt) {
    const int number = ioctl(control.number(), LOOP_CTL_GET_FREE);
    if (number < 0) return loop_failed("find a free loop device");
    Attached attached{.device = {}, .path = "/dev/loop" + std::to_string(number)};
    attached.device = FileDescriptor(open(attached.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!attached.device.open()) {
      if (errno == ENOENT) continue;
      return loop_failed("open " + attached.path);
    }
    loop_config configuration{};
    configuration.fd = static_cast<__u32>(file.number());
    configuration.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
    // As the file systems were made. Left to itself, the kernel takes the alignment of direct input and
    // output, which is larger for a file that shares its blocks: a clone of an image could not be mounted.
    configuration.block_size = 512;
    const std::string name =
        image.substr(image.size() > LO_NAME_SIZE - 1 ? image.size() - (LO_NAME_SIZE - 1) : 0);
    std::memcpy(configuration.info.lo_file_name, name.c_str(), name.size());
    if (ioctl(attached.device.number(), LOOP_CONFIGURE, &configuration) == 0) return attached;
    if (errno == EINVAL) {  // the file system below has no direct input and output
      configuration.info.lo_flags = LO_FLAGS_AUTOCLEAR;
      if (ioctl(attached.device.number(), LOOP_CONFIGURE, &configuration) == 0) return attached;
    }
    if (errno != EBUSY) return loop_failed("attach " + image + " to " + attached.path);
  }
  return Failure{.message = "could not attach " + image, .causes = {"every loop device is taken"}};
}

std::string bytes_at(const std::string& path, std::streamoff at, std::size_t count) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(count, '\0');
  file.seekg(at);
  file.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return bytes;
}

}  // namespace

std::vector<MountPoint> mount_points() {
  std::vector<MountPoint> points;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string skipped, where, word;
    words >> skipped >> skipped >> skipped >> skipped >> where;
    while (words >> word && word != "-") {
    }
    MountPoint point;
    words >> point.type >> point.device;
    point.where = unescaped(where);
    point.device = unescaped(point.device);
    point.image = image_behind(point.device);
    points.push_back(std::move(point));
  }
  return points;
}

std::string file_system_in(const std::string& image) {
  if (bytes_at(image, 0, 4) == "XFSB") return "xfs";
  if (bytes_at(image, 0x10040, 8) == "_BHRfS_M") return "btrfs";
  if (bytes_at(image, 0x438, 2) == "\x53\xef") return "ext4";
  return {};
}

bool all_zeros(const std::string& image) {
  const std::string start = bytes_at(image, 0, 0x10000 + 4096);
  return start.find_first_not_of('\0') == std::string::npos;
}

Result<> make_file_system(const std::string& image, const std::string& type) {
  if (type == "xfs") return run({"mkfs.xfs", "-q", "-f", "-m", "reflink=1", image});
  if (type == "btrfs") return run({"mkfs.btrfs", "-q", "-f", "-m", "single", image});
  if (type == "ext4") return run({"mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,nodiscard", image});
  return Failure{.message = "could not make a file system of type `" + type + "`",
                 .help = "xfs, btrfs and ext4 are known",
                 .nothing_done = true};
}

Result<> may_mount() {
  // CAP_SYS_ADMIN is bit 21 of the effective set.
  std::ifstream status("/proc/self/status");
  bool administrator = false;
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("CapEff:", 0) == 0)
      administrator = (std::stoull(line.substr(7), nullptr, 16) >> 21 & 1) != 0;
  }
  const bool loops = access("/dev/loop-control", R_OK | W_OK) == 0;
  if (administrator && loops) return Done{};
  Failure failure{.message = "this process may not mount file systems", .nothing_done = true};
  if (!administrator) failure.causes.push_back("it lacks the capability SYS_ADMIN");
  if (!loops) failure.causes.push_back("it may not open /dev/loop-control");
  failure.help = "run it once with sudo, or in a container with --cap-add SYS_ADMIN and the loop devices";
  return failure;
}

Result<std::string> mount_image(const std::string& image, const std::string& where) {
  if (Result<> may = may_mount(); !may.ok())
    return std::move(may.failure()).within("could not mount " + image);
  const std::string type = file_system_in(image);
  if (type.empty()) {
    return Failure{.message = "could not mount " + image,
                   .causes = {"there is no XFS, btrfs or ext4 file system in it"},
                   .nothing_done = true};
  }
  for (const MountPoint& point : mount_points()) {
    if (point.where != canonical(where)) continue;
    if (point.image == canonical(image)) return point.device;
    return Failure{
        .message = "could not mount " + image + " at " + where,
        .causes = {"something else is mounted there: " + (point.image.empty() ? point.device : point.image)},
        .nothing_done = true};
  }
  std::error_code error;
  std::filesystem::create_directories(where, error);
  if (error) return Failure{.message = "could not make the folder " + where, .causes = {error.message()}};
  Result<Attached> attached = attach(image);
  if (!attached.ok()) return attached.failure();
  // Clones of one XFS image share its UUID, which XFS refuses to mount twice.
  const char* const options = type == "xfs" ? "nouuid" : "";
  if (mount(attached->path.c_str(), where.c_str(), type.c_str(), MS_NOATIME, options) != 0) {
    return loop_failed("mount " + image + " at " + where);
  }
  return attached->path;
}

Result<> unmount(const std::string& where, Clock& clock, std::stop_token stop, Nanoseconds patience) {
  const std::string path = canonical(where);
  const Instant until = clock.now() + patience;
  while (true) {
    const std::vector<MountPoint> points = mount_points();
    if (std::none_of(points.begin(), points.end(),
                     [&](const MountPoint& one) { return one.where == path; })) {
      return Done{};
    }
    if (umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0) return Done{};
    if (errno != EBUSY) return loop_failed("unmount " + where);
    if (clock.now() >= until || !clock.sleep_for(Nanoseconds(20'000'000), stop)) {
      return Failure{.message = "could not unmount " + where,
                     .causes = {"something still uses it"},
                     .help = "`fuser -vm " + where + "` shows what"};
    }
  }
}

}  // namespace cairn::clone
