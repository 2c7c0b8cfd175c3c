#include "runtime/reach/storage_agent.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "runtime/agent/program.h"
#include "runtime/effects/file_descriptor.h"
#include "runtime/http/broken_pipe.h"

namespace cairn::reach {
namespace {

constexpr std::int64_t most_memory = 256 << 20;
constexpr std::int64_t most_processes = 32;
constexpr std::chrono::seconds to_come_up(20), to_give_up(10);
constexpr std::size_t kept_agent_complaints = 2000;

docker::ContainerSpec spec_of(const StoragePlaces& places, bool with_pools) {
  docker::ContainerSpec spec;
  spec.user = "0:0";
  // To read and write what belongs to others, give it to them, keep setuid bits and file capabilities.
  spec.cap_add = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP"};
  spec.network_mode = "none";
  spec.memory = most_memory;
  spec.pids_limit = most_processes;
  const auto same_place = [&](const std::string& folder) {
    spec.mounts.push_back({.is = docker::MountSpec::Is::bind, .source = folder, .target = folder});
  };
  same_place(places.volumes);
  if (with_pools) same_place(places.pools);
  return spec;
}

bool says_no_folder(const Failure& failure) {
  return std::any_of(failure.causes.begin(), failure.causes.end(), [](const std::string& cause) {
    return cause.find("bind source path does not exist") != std::string::npos;
  });
}

Failure cancelled() {
  return {.message = "stopped while waiting for the storage agent", .is = FailureClass::cancelled};
}

}  // namespace

Result<std::shared_ptr<StorageAgent>> StorageAgent::start(docker::Engine& engine, Clock& clock,
                                                          docker::Identity identity, StoragePlaces places,
                                                          std::stop_token stop) {
  std::shared_ptr<StorageAgent> agent(
      new StorageAgent(engine, clock, std::move(identity), std::move(places)));
  Result<Done> up = agent->come_up(stop);
  if (up) return agent;
  (void)agent->remove({});
  Failure failure = std::move(up.failure());
  failure.is = failure.is == FailureClass::step ? FailureClass::endpoint : failure.is;
  return std::move(failure).within(
      fmt::format("no storage agent on the engine at {}, whose volumes cannot be reached from here",
                  engine.endpoint().shown));
}

Result<Done> StorageAgent::come_up(std::stop_token stop) {
  Result<std::unique_ptr<http::Duplex>> connection =
      container_.start(agent::storage_program(), spec_of(places_, true), stop);
  if (!connection && says_no_folder(connection.failure()))
    connection = container_.start(agent::storage_program(), spec_of(places_, false), stop);
  if (!connection) return std::move(connection.failure());
  connection_ = std::move(*connection);
  const http::NoBrokenPipe no_signal;
  const Result<clone::Message> hello = next_message(stop, clock_.now() + to_come_up);
  if (!hello) return hello.failure();
  if (*hello != clone::Message{clone::greeting}) return gone("it does not greet");
  return Done{};
}

Result<clone::Message> StorageAgent::ask(const clone::Message& question, std::stop_token stop) {
  const Turn::Held turn = turn_.take(clock_, stop);
  if (!turn) {
    Failure failure = cancelled();
    failure.nothing_done = true;
    return failure;
  }
  if (connection_ == nullptr) return gone({});
  const http::NoBrokenPipe no_signal;
  if (Result<Done> sent = send(clone::written(question)); !sent) return sent.failure();
  Result<clone::Message> answer = next_message(stop, {});
  if (answer || answer.failure().is != FailureClass::cancelled) return answer;
  // It is told, and answers when it has removed what it began; then it is there for the next one.
  if (Result<Done> sent = send(clone::written({clone::stop_asking})); !sent) return sent.failure();
  return next_message({}, clock_.now() + to_give_up);
}

Result<Done> StorageAgent::send(const std::string& bytes) {
  for (std::string_view left = bytes; !left.empty();) {
    const Result<std::size_t> taken = connection_->write_some(left);
    if (!taken) return gone(taken.failure().message);
    left.remove_prefix(*taken);
    if (*taken == 0)
      if (Result<Done> room = wait_for(POLLOUT, {}, clock_.now() + to_give_up); !room)
        return gone(room.failure().message);
  }
  return Done{};
}

Result<clone::Message> StorageAgent::next_message(std::stop_token stop, std::optional<Instant> deadline) {
  for (;;) {
    Result<std::optional<clone::Message>> message = clone::take_message(heard_);
    if (!message) return gone(message.failure().message);
    if (*message) return std::move(**message);
    Result<std::optional<std::string>> bytes = connection_->read_some();
    if (!bytes) return gone(bytes.failure().message);
    if (!*bytes) {
      Result<Done> more = wait_for(POLLIN, stop, deadline);
      if (!more && more.failure().is == FailureClass::cancelled) return more.failure();
      if (!more) return gone(more.failure().message);
      continue;
    }
    if ((*bytes)->empty()) return gone("it has ended");
    frames_.feed(**bytes);
    while (const std::optional<docker::OutputPiece> piece = frames_.next()) {
      if (piece->from == docker::Output::standard)
        heard_ += piece->bytes;
      else if (complaints_.size() < kept_agent_complaints)
        complaints_ += piece->bytes;
    }
  }
}

Result<Done> StorageAgent::wait_for(short events, std::stop_token stop, std::optional<Instant> deadline) {
  const FileDescriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const std::stop_callback stopped(stop, [&] { eventfd_write(wake.number(), 1); });
  pollfd polled[2] = {{connection_->descriptor(), events, 0}, {wake.number(), POLLIN, 0}};
  int wait_ms = -1;
  if (deadline) {
    const auto left = std::chrono::ceil<Milliseconds>(*deadline - clock_.now()).count();
    if (left <= 0) return Failure{.message = "it does not answer", .is = FailureClass::timeout};
    wait_ms = static_cast<int>(left);
  }
  (void)poll(polled, 2, wait_ms);
  if (stop.stop_requested()) return cancelled();
  return Done{};
}

Failure StorageAgent::gone(const std::string& why) {
  connection_.reset();
  const std::lock_guard lock(mutex_);
  broken_ = true;
  Failure failure{.message = "the storage agent has ended", .is = FailureClass::endpoint};
  if (!why.empty()) failure.causes.push_back(why);
  while (!complaints_.empty() && complaints_.back() == '\n') complaints_.pop_back();
  if (!complaints_.empty()) failure.causes.push_back(fmt::format("it said: {}", complaints_));
  return failure;
}

bool StorageAgent::broken() const {
  const std::lock_guard lock(mutex_);
  return broken_;
}

Result<Done> StorageAgent::remove(std::stop_token stop) {
  return container_.remove(stop);
}

}  // namespace cairn::reach
