#include "runtime/reach/local_networks.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace cairn::reach {

std::vector<LocalAddress> local_addresses() {
  std::vector<LocalAddress> addresses;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* raw = nullptr;
    if (one->ifa_addr->sa_family == AF_INET)
      raw = &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    if (one->ifa_addr->sa_family == AF_INET6)
      raw = &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
    if (raw == nullptr || inet_ntop(one->ifa_addr->sa_family, raw, text.data(), text.size()) == nullptr)
      continue;
    addresses.push_back({text.data(), one->ifa_name});
  }
  freeifaddrs(list);
  return addresses;
}

bool LocalNetworks::has(const docker::ContainerNetwork& network) {
  if (network.gateway.empty()) return false;  // nobody is on it yet
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = known_.try_emplace({network.network_id, network.gateway}, false);
  if (!is_new) return known->second;
  const std::vector<LocalAddress> ours = our_addresses_();
  known->second = std::any_of(ours.begin(), ours.end(), [&](const LocalAddress& one) {
    const bool of_another =
        one.interface.starts_with("br-") && one.interface != "br-" + network.network_id.substr(0, 12);
    return one.address == network.gateway && !of_another;
  });
  return known->second;
}

}  // namespace cairn::reach
