// Free ports of this machine, so that no two cairns hand out the same one.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "runtime/effects/locks.h"
#include "runtime/effects/result.h"

namespace cairn::host {

struct PortRange {
  int first = 0, last = 0;  // both included
  bool contains(int port) const { return port >= first && port <= last; }
};

// What the kernel gives to outgoing connections (net.ipv4.ip_local_port_range): a port from there, found
// free, may be taken by any connection a moment later.
PortRange outgoing_ports();

// `$XDG_RUNTIME_DIR/cairn/ports`, else `$HOME/.cache/cairn/ports`; one registry for all projects of a user.
std::string port_registry_folder(const std::string& xdg_runtime_dir, const std::string& home);

// Ports that this process has picked. Each is held by a lock on a file of the registry until the end of the
// process, or of this object, whatever comes first. Thread-safe.
class Ports {
 public:
  // `folder` is made when it is first needed. `start` decides where the search begins, so that neighbours
  // rarely meet.
  Ports(std::string folder, std::uint64_t start) : folder_(std::move(folder)), start_(start) {}

  // A port on which nobody listens, on no address of this machine, and that no other cairn has picked.
  Result<int> pick();
  void release(int port);
  // To hand on, as to a process that outlives this one; -1 if the port is not ours.
  int lock_of(int port);

 private:
  const std::string folder_;
  const std::uint64_t start_;
  std::mutex mutex_;
  std::map<int, Lock> held_;
  std::uint64_t tried_ = 0;
};

// Whether nobody listens on it, on IPv4 and IPv6 alike.
bool nobody_listens(int port);

}  // namespace cairn::host
