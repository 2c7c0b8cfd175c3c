// Limits of host processes: control groups of our own, where the system gives us a place for them. Version 2
// needs a group that was delegated to us (cgroups(7): a folder that we may write, with its controllers);
// version 1 needs root.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/effects/file_descriptor.h"
#include "runtime/effects/result.h"
#include "runtime/keeper/spawner.h"

namespace cairn::keeper {

// One group for one process and all that it starts.
struct Cgroup {
  std::vector<std::string> folders;     // of version 1 one for each limit
  std::vector<FileDescriptor> entries;  // their cgroup.procs, to be written from within the process
};

class Cgroups {
 public:
  // By what the kernel says of this process. Only looks. `proc`: another folder than /proc/self, for tests.
  static Cgroups find(const std::string& proc = "/proc/self");

  // Why `limits` cannot be enforced here, as a cause; empty: they can.
  std::string missing(const ProcessLimits& limits) const;
  // `name` is the group's own: nobody else's. What was made is removed again on a failure.
  Result<Cgroup> make(const std::string& name, const ProcessLimits& limits);
  // When its processes are gone. False: some are still on their way out.
  static bool remove(const Cgroup& group);

 private:
  struct Home {
    std::string folder;
    bool unified = false;  // version 2
  };
  Result<Done> delegate(const std::string& folder, const std::vector<std::string>& controllers);

  std::map<std::string, Home> homes_;  // by controller
};

}  // namespace cairn::keeper
