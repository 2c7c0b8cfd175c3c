// What the volume driver does to the machine, as a seam.
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "runtime/effects/clock.h"
#include "runtime/effects/result.h"

namespace cairn::array::plugin {

class Machine {
 public:
  virtual ~Machine() = default;
  // Mounts `image` at `where`; makes a file system of `type` first when the image is blank.
  virtual Result<> mount(const std::string& image, const std::string& where, const std::string& type) = 0;
  virtual Result<> unmount(const std::string& where, Clock& clock, std::stop_token stop) = 0;
  // Where which image is mounted below `folder`.
  virtual std::map<std::string, std::string> mounted_below(const std::string& folder) = 0;
  virtual std::string name() = 0;  // of the host
};

Machine& this_machine();

}  // namespace cairn::array::plugin
