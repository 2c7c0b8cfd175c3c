// Which networks of engines are on this machine, and so can be dialled from here.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/platform/docker/containers.h"
#include "runtime/reach/connector.h"

namespace cairn::reach {

// Of this machine's own interfaces (getifaddrs(3)).
std::vector<LocalAddress> local_addresses();

// Thread-safe. `our_addresses`: of this machine's interfaces, as they are when it is called.
class LocalNetworks {
 public:
  explicit LocalNetworks(std::function<std::vector<LocalAddress>()> our_addresses)
      : our_addresses_(std::move(our_addresses)) {}

  // Its gateway is an address of ours. Two machines like to use the same addresses; but a bridge that an
  // engine makes carries the network's id in its name. Asked of the system once a network: it stays where it
  // is, and a machine with many containers has many interfaces.
  bool has(const docker::ContainerNetwork& network);

 private:
  const std::function<std::vector<LocalAddress>()> our_addresses_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, bool> known_;  // by the network's id and gateway
};

}  // namespace cairn::reach
