#include "runtime/reach/dial.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <memory>

#include "runtime/reach/relay.h"

namespace cairn::reach {
namespace {

// 0, or the errno. ECANCELED: stopped.
int wait_for_connection(int socket, const Attempt& attempt) {
  const FileDescriptor stopped(eventfd(0, EFD_CLOEXEC));
  const std::stop_callback when_stopped(attempt.stop, [&] { eventfd_write(stopped.number(), 1); });
  std::array<pollfd, 2> waiting{{{socket, POLLOUT, 0}, {stopped.number(), POLLIN, 0}}};
  for (;;) {
    const auto left =
        std::chrono::ceil<Milliseconds>(attempt.deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return ETIMEDOUT;
    const int ready =
        poll(waiting.data(), waiting.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready <= 0) continue;
    if (waiting[1].revents != 0) return ECANCELED;
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }
}

// A port that nobody listens on may lie among those which the kernel gives to outgoing connections; then,
// once in a while, a connection meets itself (RFC 9293, simultaneous open).
bool meets_itself(int socket) {
  sockaddr_storage here{}, there{};
  socklen_t here_size = sizeof here, there_size = sizeof there;
  return getsockname(socket, reinterpret_cast<sockaddr*>(&here), &here_size) == 0 &&
         getpeername(socket, reinterpret_cast<sockaddr*>(&there), &there_size) == 0 &&
         here_size == there_size && std::memcmp(&here, &there, here_size) == 0;
}

int connect_to(const addrinfo& address, const Attempt& attempt, FileDescriptor& into) {
  into = FileDescriptor(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!into.open()) return errno;
  int error = connect(into.number(), address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) error = wait_for_connection(into.number(), attempt);
  if (error == 0 && meets_itself(into.number())) error = ECONNREFUSED;
  return error;
}

}  // namespace

std::string words_for_errno(int error) {
  switch (error) {
    case ECONNREFUSED:
      return "connection refused";
    case ETIMEDOUT:
      return "no answer";
    case EHOSTUNREACH:
      return "no route to its host";
    case ENETUNREACH:
      return "no route to its network";
    default: {
      std::string text = std::strerror(error);
      if (!text.empty())
        text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
      return text;
    }
  }
}

std::string shown(const Endpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                 : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

Result<FileDescriptor> dial(const Endpoint& endpoint, const Attempt& attempt) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int problem =
      getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &wanted, &list);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(list, &freeaddrinfo);
  if (problem != 0)
    return Failure{fmt::format("no address for `{}`: {}", endpoint.host, gai_strerror(problem))};
  int error = ECONNREFUSED;
  for (const addrinfo* address = list; address != nullptr; address = address->ai_next) {
    FileDescriptor socket;
    error = connect_to(*address, attempt, socket);
    if (error == 0) return socket;
    if (error == ECANCELED) {
      Failure failure{"cancelled"};
      failure.is = FailureClass::cancelled;
      return failure;
    }
  }
  return Failure{words_for_errno(error)};
}

Result<Done> try_connection(const Endpoint& endpoint, const Attempt& attempt) {
  if (endpoint.through != nullptr) return endpoint.through->try_connection(endpoint, attempt);
  const Result<FileDescriptor> connection = dial(endpoint, attempt);
  if (!connection) return connection.failure();
  return Done{};
}

}  // namespace cairn::reach
