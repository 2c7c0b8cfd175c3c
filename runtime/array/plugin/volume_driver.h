// A Docker volume driver over an array, standing where the vendor's `pure` driver stands. Protocol: moby,
// docs/extend/plugins_volume.md. A Docker volume X is the array volume "NAMESPACE-docker-X" (the name is a
// template); it is connected to this host while it is mounted and disconnected by its last unmount, so that
// an overwrite on the array between `docker stop` and `docker start` is safe and one under a running
// container is refused or reported.
//
// Options of `docker volume create`: size=20g, o=size=20g (the vendor's spelling), source=VOLUME or
// source=VOLUME.SUFFIX (a clone, by Docker or array name), fs=xfs|ext4|btrfs.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "runtime/array/flasharray.h"
#include "runtime/array/plugin/machine.h"
#include "runtime/array/simulator/exchange.h"

namespace cairn::array::plugin {

struct DriverOptions {
  std::string name_space = "docker";
  std::string volume_name = "{ns}-docker-{name}";
  std::string host = {};   // this host's name on the array; empty: its own
  std::string mounts;      // volumes are mounted at MOUNTS/NAME
  std::string state_file;  // which container holds which mount
  std::uint64_t default_size = std::uint64_t{10} << 30;
  std::string file_system = "xfs";
  bool eradicate = false;  // `docker volume rm` destroys; the array keeps it for a day
};

class VolumeDriver {
 public:
  // `image_of` says where the data of a serial number is: the multipath device of a real array, an image of
  // the simulated one. All references outlive it.
  VolumeDriver(FlashArray& array, Machine& machine, Clock& clock, DriverOptions options,
               std::function<std::string(const std::string& serial)> image_of);

  // After a restart: what is mounted counts, not what was written down. Holders of a volume that is not
  // mounted any more are forgotten and it is disconnected.
  Result<> recover(std::stop_token stop);

  // One call of the engine: POST /VolumeDriver.Create and the like. Always status 200; a failure is in `Err`.
  simulator::Answer answer(const simulator::Asked& asked, std::stop_token stop);

  Result<> create(const std::string& name, const std::map<std::string, std::string>& options,
                  std::stop_token stop);
  Result<> remove(const std::string& name, std::stop_token stop);
  Result<std::string> mount(const std::string& name, const std::string& id, std::stop_token stop);
  Result<> unmount(const std::string& name, const std::string& id, std::stop_token stop);
  Result<std::vector<std::pair<std::string, Volume>>> list(
      std::stop_token stop);  // Docker name, array volume

  std::string array_name(const std::string& docker_name) const;
  std::string mount_point(const std::string& name) const { return options_.mounts + "/" + name; }

 private:
  Result<Volume> existing(const std::string& name, std::stop_token stop);
  Result<> save() const;
  bool is_mounted(const std::string& name) const;

  FlashArray& array_;
  Machine& machine_;
  Clock& clock_;
  const DriverOptions options_;
  const std::function<std::string(const std::string&)> image_of_;
  const std::string host_;
  std::mutex mutex_;  // one call at a time: the engine calls in parallel, the array is one
  std::map<std::string, std::set<std::string>> holders_;  // Docker name -> ids of its mounts
  std::map<std::string, std::string> file_systems_;       // Docker name -> as wished at its creation
};

// "20g", "512MiB", "1073741824"; nothing when it is none.
std::optional<std::uint64_t> bytes_in(const std::string& text);

}  // namespace cairn::array::plugin
