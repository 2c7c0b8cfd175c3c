#include "runtime/array/plugin/machine.h"

#include <unistd.h>

#include <filesystem>

#include "runtime/clone/loop_mount.h"

namespace cairn::array::plugin {
namespace {

class ThisMachine final : public Machine {
 public:
  Result<> mount(const std::string& image, const std::string& where, const std::string& type) override {
    if (clone::file_system_in(image).empty()) {
      if (!clone::all_zeros(image)) {
        return Failure{
            .message = "could not mount " + image,
            .causes = {"it has content, but no file system that is known: it is not formatted over"},
            .nothing_done = true};
      }
      if (Result<> made = clone::make_file_system(image, type); !made.ok()) return made;
    }
    const Result<std::string> device = clone::mount_image(image, where);
    if (!device.ok()) return device.failure();
    return Done{};
  }
  Result<> unmount(const std::string& where, Clock& clock, std::stop_token stop) override {
    if (Result<> gone = clone::unmount(where, clock, stop); !gone.ok()) return gone;
    ::rmdir(where.c_str());
    return Done{};
  }
  std::map<std::string, std::string> mounted_below(const std::string& folder) override {
    std::error_code error;
    const std::string start = std::filesystem::weakly_canonical(folder, error).string() + "/";
    std::map<std::string, std::string> found;
    for (const clone::MountPoint& point : clone::mount_points()) {
      if (point.where.rfind(start, 0) == 0 && !point.image.empty()) found[point.where] = point.image;
    }
    return found;
  }
  std::string name() override {
    char text[256] = {};
    return gethostname(text, sizeof text - 1) == 0 ? text : "docker-host";
  }
};

}  // namespace

Machine& this_machine() {
  static ThisMachine machine;
  return machine;
}

}  // namespace cairn::array::plugin
