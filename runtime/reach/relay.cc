#include "runtime/reach/relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "runtime/reach/dial.h"
#include "runtime/reach/relay_loop.h"

namespace cairn::reach {
namespace {

// How much longer than the agent we wait for its answer, which has its own way to go.
constexpr Milliseconds on_the_way(250);

std::optional<agent::Dial> dial_of(const Endpoint& endpoint) {
  agent::Dial where{};
  where.port = static_cast<std::uint16_t>(endpoint.port);
  where.timeout_ms = 10'000;
  where.family = AF_INET;
  if (inet_pton(AF_INET, endpoint.host.c_str(), where.address) == 1) return where;
  where.family = AF_INET6;
  if (inet_pton(AF_INET6, endpoint.host.c_str(), where.address) == 1) return where;
  return std::nullopt;
}

Failure no_socket(const std::string& what) {
  return {.message = fmt::format("cannot listen on {}", what), .causes = {std::strerror(errno)}, .help = {}};
}

}  // namespace

Relay::Relay(std::unique_ptr<http::Duplex> agent, std::string folder)
    : loop_(std::make_unique<Loop>(std::move(agent), std::move(folder))) {}
Relay::~Relay() = default;
Result<Done> Relay::wait_for_agent(const Attempt& attempt) {
  return loop_->wait_for_agent(attempt);
}
Result<Done> Relay::try_connection(const Endpoint& endpoint, const Attempt& attempt) {
  return loop_->try_connection(endpoint, attempt);
}
Result<std::string> Relay::socket_to(const Endpoint& endpoint) {
  return loop_->socket_to(endpoint);
}
Result<int> Relay::port_to(const Endpoint& endpoint) {
  return loop_->port_to(endpoint);
}
std::optional<Failure> Relay::broken() const {
  return loop_->broken();
}

Relay::Loop::Loop(std::unique_ptr<http::Duplex> agent, std::string folder)
    : agent_(std::move(agent)),
      folder_(std::move(folder)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

Relay::Loop::~Loop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  eventfd_write(wake_.number(), 1);
  thread_.join();
  for (const auto& [endpoint, path] : sockets_) unlink(path.c_str());
}

std::optional<Failure> Relay::Loop::broken() const {
  const std::lock_guard lock(mutex_);
  return broken_;
}

Result<Done> Relay::Loop::wait_for_agent(const Attempt& attempt) {
  std::unique_lock lock(mutex_);
  const bool came = changed_.wait_until(lock, attempt.stop, attempt.deadline,
                                        [&] { return greeted_ || broken_.has_value(); });
  if (broken_) return *broken_;
  if (came) return Done{};
  return Failure{.message = "the agent did not come up",
                 .is = attempt.stop.stop_requested() ? FailureClass::cancelled : FailureClass::timeout};
}

Result<Done> Relay::Loop::try_connection(const Endpoint& endpoint, const Attempt& attempt) {
  std::optional<agent::Dial> where = dial_of(endpoint);
  if (!where) return Failure{fmt::format("`{}` is no address", endpoint.host)};
  const auto left =
      std::chrono::ceil<Milliseconds>(attempt.deadline - std::chrono::steady_clock::now()).count();
  where->timeout_ms = static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, 600'000));
  const auto question = std::make_shared<Question>();
  std::unique_lock lock(mutex_);
  if (broken_) return *broken_;
  orders_.push_back({*where, question, {}});
  eventfd_write(wake_.number(), 1);
  const bool answered = changed_.wait_until(lock, attempt.stop, attempt.deadline + on_the_way,
                                            [&] { return question->answered || broken_.has_value(); });
  if (question->answered) {
    if (question->error == 0) return Done{};
    return Failure{words_for_errno(question->error)};
  }
  if (answered) return *broken_;
  withdrawn_.push_back(question);
  eventfd_write(wake_.number(), 1);
  if (attempt.stop.stop_requested()) return Failure{.message = "cancelled", .is = FailureClass::cancelled};
  return Failure{.message = "the agent does not answer", .is = FailureClass::timeout};
}

Result<Done> Relay::Loop::add_listener(const Endpoint& endpoint, FileDescriptor socket) {
  const std::optional<agent::Dial> where = dial_of(endpoint);
  if (!where) return Failure{fmt::format("`{}` is no address", endpoint.host)};
  new_listeners_.push_back({std::move(socket), *where});
  eventfd_write(wake_.number(), 1);
  return Done{};
}

Result<std::string> Relay::Loop::socket_to(const Endpoint& endpoint) {
  const std::lock_guard lock(mutex_);
  if (broken_) return *broken_;
  const auto known = sockets_.find({endpoint.host, endpoint.port});
  if (known != sockets_.end()) return known->second;
  const std::string name = fmt::format("relay-{}", sockets_.size());
  const std::string path = fmt::format("{}/{}", folder_, name);
  // By way of its folder: a sockaddr_un has room for 107 bytes only.
  const FileDescriptor folder(open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  FileDescriptor listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  fmt::format("/proc/self/fd/{}/{}", folder.number(), name)
      .copy(address.sun_path, sizeof address.sun_path - 1);
  unlink(path.c_str());
  if (!folder.open() || !listening.open() ||
      bind(listening.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listening.number(), 64) != 0)
    return no_socket(path);
  if (Result<Done> added = add_listener(endpoint, std::move(listening)); !added) return added.failure();
  sockets_[{endpoint.host, endpoint.port}] = path;
  return path;
}

Result<int> Relay::Loop::port_to(const Endpoint& endpoint) {
  const std::lock_guard lock(mutex_);
  if (broken_) return *broken_;
  const auto known = ports_.find({endpoint.host, endpoint.port});
  if (known != ports_.end()) return known->second;
  FileDescriptor listening(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (!listening.open() ||
      bind(listening.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listening.number(), 64) != 0 ||
      getsockname(listening.number(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return no_socket("127.0.0.1");
  if (Result<Done> added = add_listener(endpoint, std::move(listening)); !added) return added.failure();
  return ports_[{endpoint.host, endpoint.port}] = ntohs(address.sin_port);
}

}  // namespace cairn::reach
