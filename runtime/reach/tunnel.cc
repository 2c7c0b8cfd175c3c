#include "runtime/reach/tunnel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "runtime/effects/file_descriptor.h"

namespace cairn::reach {
namespace {

constexpr std::chrono::seconds to_connect(30);
constexpr Milliseconds look_every(10);
constexpr Milliseconds to_answer(5000);
constexpr std::size_t kept_words = 8000;

std::vector<std::string> ssh_to(const docker::Endpoint& endpoint) {
  // Nobody is there to be asked: what needs an answer fails, and says so.
  std::vector<std::string> command = {
      "ssh", "-nT", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15"};
  std::string rest = endpoint.ssh;
  if (const std::size_t at = rest.rfind('@'); at != std::string::npos) {
    command.insert(command.end(), {"-l", rest.substr(0, at)});
    rest.erase(0, at + 1);
  }
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string::npos && rest.find(']', colon) == std::string::npos)
    command.insert(command.end(), {"-p", rest.substr(colon + 1)});
  return command;
}

keeper::SpawnSpec spawning(std::vector<std::string> command, const docker::Endpoint& endpoint,
                           const std::string& folder) {
  keeper::SpawnSpec spec;
  spec.step = "engine " + endpoint.shown;
  spec.command = std::move(command);
  for (const char* name : {"PATH", "HOME", "USER", "LOGNAME", "LANG", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"})
    if (const char* value = std::getenv(name); value != nullptr)
      spec.environment.push_back({name, Text(value)});
  spec.working_dir = folder;
  spec.tail_bytes = kept_words;
  spec.grace = Nanoseconds::zero();
  return spec;
}

FileDescriptor connected_to(const std::string& folder, const std::string& name) {
  // By way of its folder: a sockaddr_un has room for 107 bytes only.
  const FileDescriptor place(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  FileDescriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  fmt::format("/proc/self/fd/{}/{}", place.number(), name)
      .copy(address.sun_path, sizeof address.sun_path - 1);
  if (!place.open() || !connection.open() ||
      connect(connection.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    connection.close();
  return connection;
}

// Whether something that speaks HTTP is at the other end.
bool answers(const FileDescriptor& connection) {
  constexpr std::string_view ping = "GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n";
  if (send(connection.number(), ping.data(), ping.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(ping.size()))
    return false;
  pollfd waiting{connection.number(), POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(to_answer.count())) != 1) return false;
  std::array<char, 5> begin{};
  return recv(connection.number(), begin.data(), begin.size(), MSG_WAITALL) == 5 &&
         std::string_view(begin.data(), 5) == "HTTP/";
}

std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

bool has(std::string_view text, std::string_view words) {
  return text.find(words) != text.npos;
}

// One word in a shell's single quotes.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

Failure at_endpoint(std::string message, std::string cause, std::string help) {
  return {.message = std::move(message),
          .causes = {std::move(cause)},
          .help = std::move(help),
          .is = FailureClass::endpoint,
          .nothing_done = true};
}

}  // namespace

Failure ssh_failure(const std::string& ssh, const std::string& said) {
  const std::string host = docker::Endpoint{.ssh = ssh}.host();
  const std::string last = last_line(said);
  if (has(said, "REMOTE HOST IDENTIFICATION HAS CHANGED"))
    return at_endpoint(
        fmt::format("`{}` shows another host key than the one that is known", host), last,
        fmt::format("ask its administrator; if the new key is right: `ssh-keygen -R {}`, then log in "
                    "once with `ssh {}`",
                    host, host));
  if (has(said, "Host key verification failed"))
    return at_endpoint(
        fmt::format("the host key of `{}` is not known here", host), last,
        fmt::format("log in once with `ssh {}` and compare the fingerprint that it shows", host));
  if (has(said, "Permission denied"))
    return at_endpoint(
        fmt::format("`{}` accepts none of your keys", ssh), last,
        fmt::format("`ssh-copy-id {}`, or load the right key into the agent with `ssh-add`", host));
  if (has(said, "Could not resolve hostname"))
    return at_endpoint(fmt::format("there is no address for `{}`", host), last, "is the name right?");
  if (has(said, "Connection refused") || has(said, "timed out") || has(said, "No route to host"))
    return at_endpoint(fmt::format("nobody answers ssh at `{}`", ssh), last,
                       "is the machine up, and is the port right?");
  return at_endpoint(fmt::format("ssh to `{}` failed", ssh), last.empty() ? "ssh said nothing" : last,
                     fmt::format("try `ssh {}` by hand", host));
}

Result<docker::Endpoint> Tunnels::through(docker::Endpoint endpoint, std::stop_token stop) {
  if (endpoint.ssh.empty()) return endpoint;
  const std::lock_guard lock(mutex_);
  auto known = tunnels_.find(endpoint.shown);
  if (known == tunnels_.end()) {
    Result<Tunnel> tunnel = open(endpoint, stop);
    if (!tunnel)
      return std::move(tunnel.failure())
          .within(fmt::format("the Docker engine at {} cannot be reached", endpoint.shown));
    known = tunnels_.emplace(endpoint.shown, std::move(*tunnel)).first;
  }
  endpoint.unix_socket = known->second.socket;
  return endpoint;
}

Result<Tunnels::Tunnel> Tunnels::open(const docker::Endpoint& endpoint, std::stop_token stop) {
  Result<keeper::Spawner*> spawner = spawner_();
  if (!spawner) return std::move(spawner.failure());
  const std::string name = fmt::format("engine-{}", tunnels_.size() + 1);
  std::vector<std::string> command = ssh_to(endpoint);
  // ssh takes a path of a socket only if it begins with `/`, and only a short one: its own folder is short.
  command.insert(command.end(),
                 {"-N", "-o", "ExitOnForwardFailure=yes", "-o", "StreamLocalBindUnlink=yes", "-L",
                  fmt::format("/proc/self/cwd/{}:{}", name, endpoint.remote_socket), "--", endpoint.host()});
  Result<keeper::Process> ssh = (*spawner)->spawn(spawning(std::move(command), endpoint, folder_));
  if (!ssh) {
    ssh.failure().help = "install `openssh-client`";
    return std::move(ssh.failure());
  }
  Tunnel tunnel{fmt::format("{}/{}", folder_, name), *ssh};
  const Instant give_up = std::chrono::steady_clock::now() + to_connect;
  for (;;) {
    const Instant now = std::chrono::steady_clock::now();
    const Result<keeper::Exit> ended = (*spawner)->wait(*ssh, stop, now + look_every);
    if (ended) return ssh_failure(endpoint.ssh, ended->tail);
    if (ended.failure().is != FailureClass::timeout || now > give_up) {
      (void)(*spawner)->kill_tree(*ssh);
      if (ended.failure().is != FailureClass::timeout) return ended.failure();
      return at_endpoint(fmt::format("ssh to `{}` did not come up", endpoint.ssh),
                         "no connection in 30 seconds", fmt::format("try `ssh {}` by hand", endpoint.host()));
    }
    const FileDescriptor connection = connected_to(folder_, name);
    if (!connection.open()) continue;
    if (answers(connection)) return tunnel;
    (void)(*spawner)->kill_tree(*ssh);
    return why_no_engine(**spawner, endpoint, stop);
  }
}

// The tunnel stands and leads nowhere: a look from over there says why.
Failure Tunnels::why_no_engine(keeper::Spawner& spawner, const docker::Endpoint& endpoint,
                               std::stop_token stop) {
  const std::string path = quoted(endpoint.remote_socket);
  std::vector<std::string> command = ssh_to(endpoint);
  command.insert(
      command.end(),
      {"--", endpoint.host(),
       fmt::format("if [ ! -e {0} ]; then echo missing; elif [ ! -w {0} ]; then echo forbidden; else "
                   "echo deaf; fi; command -v docker dockerd >/dev/null && echo installed; id -un",
                   path)});
  const std::string engine = fmt::format("no engine answers on `{}`", endpoint.host());
  const Result<keeper::Process> look = spawner.spawn(spawning(std::move(command), endpoint, folder_));
  if (!look) return look.failure();
  const Result<keeper::Exit> seen = spawner.wait(*look, stop, std::chrono::steady_clock::now() + to_connect);
  if (!seen) {
    (void)spawner.kill_tree(*look);
    return seen.failure();
  }
  if (has(seen->tail, "forbidden"))
    return at_endpoint(
        engine, fmt::format("`{}` may not use {} there", last_line(seen->tail), endpoint.remote_socket),
        "add that user to the socket's group over there: `usermod -aG docker USER`");
  if (has(seen->tail, "missing") && has(seen->tail, "installed"))
    return at_endpoint(
        engine, fmt::format("docker is installed there, and there is no {}", endpoint.remote_socket),
        "start it (`systemctl start docker`); another socket is written ssh://user@host/path/of/it");
  if (has(seen->tail, "missing"))
    return at_endpoint(engine, fmt::format("neither docker nor {} is there", endpoint.remote_socket),
                       "install Docker there; another socket is written ssh://user@host/path/of/it");
  if (has(seen->tail, "deaf"))
    return at_endpoint(
        engine, fmt::format("{} is there, and nothing comes through it", endpoint.remote_socket),
        "start the engine, and let its sshd forward sockets: `AllowStreamLocalForwarding yes`");
  return ssh_failure(endpoint.ssh, seen->tail);
}

void Tunnels::end() {
  const std::lock_guard lock(mutex_);
  if (tunnels_.empty()) return;
  if (const Result<keeper::Spawner*> spawner = spawner_())
    for (const auto& [shown, tunnel] : tunnels_) {
      (void)(*spawner)->kill_tree(tunnel.ssh);
      (void)(*spawner)->wait(tunnel.ssh, {});
      unlink(tunnel.socket.c_str());
    }
  tunnels_.clear();
}

}  // namespace cairn::reach
