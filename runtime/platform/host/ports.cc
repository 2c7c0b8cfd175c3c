#include "runtime/platform/host/ports.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "runtime/effects/file_descriptor.h"

namespace cairn::host {
namespace {

constexpr int kFirstPort = 10'000;  // below that are the ports that people know by heart
constexpr int kLastPort = 65'535;
constexpr int kMostTries = 4'000;

bool can_listen(int family, const sockaddr* address, socklen_t size) {
  const FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return errno == EAFNOSUPPORT;  // a machine without IPv6
  const int yes = 1;
  // Old connections that still wait out their time do not count, as for any server that sets this.
  setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (family == AF_INET6) setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (bind(socket.number(), address, size) != 0) return errno == EADDRNOTAVAIL;
  return listen(socket.number(), 1) == 0;
}

Failure no_registry(const std::string& folder, const std::string& why) {
  Failure failure{fmt::format("no free port can be picked: `{}` cannot be used", folder)};
  failure.causes.push_back(why);
  failure.help = "set XDG_RUNTIME_DIR to a folder that you may write to";
  return failure;
}

}  // namespace

PortRange outgoing_ports() {
  PortRange range{32'768, 60'999};  // the kernel's default
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  PortRange read;
  if (file >> read.first >> read.last) range = read;
  return range;
}

std::string port_registry_folder(const std::string& xdg_runtime_dir, const std::string& home) {
  if (!xdg_runtime_dir.empty()) return xdg_runtime_dir + "/cairn/ports";
  return home + "/.cache/cairn/ports";
}

bool nobody_listens(int port) {
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(static_cast<std::uint16_t>(port));
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(static_cast<std::uint16_t>(port));
  return can_listen(AF_INET, reinterpret_cast<const sockaddr*>(&ipv4), sizeof ipv4) &&
         can_listen(AF_INET6, reinterpret_cast<const sockaddr*>(&ipv6), sizeof ipv6);
}

Result<int> Ports::pick() {
  std::lock_guard lock(mutex_);
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return no_registry(folder_, error.message());
  const PortRange outgoing = outgoing_ports();
  constexpr int kCount = kLastPort - kFirstPort + 1;
  for (int tries = 0; tries < kMostTries;) {
    if (tried_ >= 2 * kCount) tried_ = 0;
    const int port = kFirstPort + static_cast<int>((start_ + tried_++) % kCount);
    if (outgoing.contains(port)) continue;
    ++tries;
    if (held_.contains(port)) continue;
    Result<Lock> held = take_lock(fmt::format("{}/{}", folder_, port), LockMode::exclusive, "cairn");
    if (!held) {
      if (held.failure().nothing_done) continue;  // somebody else's
      return no_registry(folder_, held.failure().causes.front());
    }
    if (!nobody_listens(port)) continue;
    held_.emplace(port, std::move(*held));
    return port;
  }
  Failure failure{"no free port was found"};
  failure.causes.push_back(
      fmt::format("{} ports outside of {}–{} are all taken", kMostTries, outgoing.first, outgoing.last));
  return failure;
}

void Ports::release(int port) {
  std::lock_guard lock(mutex_);
  held_.erase(port);
}

int Ports::lock_of(int port) {
  std::lock_guard lock(mutex_);
  const auto found = held_.find(port);
  return found == held_.end() ? -1 : found->second.file();
}

}  // namespace cairn::host
