#include "runtime/reach/relay_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "runtime/http/broken_pipe.h"

namespace cairn::reach {
namespace {

using agent::FrameIs;

constexpr std::size_t most_unsaid = 1 << 20;  // bytes that wait to go to the agent
constexpr std::size_t most_wanted = 512;      // connections that wait for a stream
constexpr std::size_t kept_relay_complaints = 2000;

std::uint32_t number_in(std::string_view bytes) {
  agent::Number number{};
  if (bytes.size() == sizeof number) std::memcpy(&number, bytes.data(), sizeof number);
  return number.value;
}

// A local connection that leads nowhere is reset: an end in order would look like an empty answer.
void reset(FileDescriptor& local) {
  const linger now{1, 0};
  if (local.open()) setsockopt(local.number(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  local.close();
}

}  // namespace

struct Relay::Loop::Slot {
  enum class Is { agent, wake, listener, stream };
  Is is;
  std::size_t number;  // of listeners_ or streams_
  pollfd polled;
};

void Relay::Loop::run() {
  const http::NoBrokenPipe no_broken_pipe;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
    }
    take_orders();
    dial_the_wanted();
    // Before the first wait, too: what came right behind the answer that opened the connection is there
    // already.
    if (!exchange_with_agent()) return;
    std::vector<Slot> slots = to_be_polled();
    std::vector<pollfd> polled;
    polled.reserve(slots.size());
    for (const Slot& slot : slots) polled.push_back(slot.polled);
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return give_up({std::strerror(errno)});
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Slot& slot = slots[i];
      const short happened = polled[i].revents;
      if (happened == 0) continue;
      if (slot.is == Slot::Is::wake) {
        eventfd_t count = 0;
        eventfd_read(wake_.number(), &count);
      } else if (slot.is == Slot::Is::listener) {
        accept_from(listeners_[slot.number]);
      } else if (slot.is == Slot::Is::stream && streams_[slot.number].local.number() == slot.polled.fd) {
        const auto number = static_cast<std::uint32_t>(slot.number);
        if ((happened & POLLOUT) != 0) write_local(number);
        if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0 && streams_[number].local.open())
          read_local(number);
      }
    }
  }
}

std::vector<Relay::Loop::Slot> Relay::Loop::to_be_polled() {
  std::vector<Slot> slots;
  const auto agent_events = static_cast<short>(POLLIN | (unsaid_.empty() ? 0 : POLLOUT));
  slots.push_back({Slot::Is::agent, 0, {agent_->descriptor(), agent_events, 0}});
  slots.push_back({Slot::Is::wake, 0, {wake_.number(), POLLIN, 0}});
  if (wanted_.size() < most_wanted)
    for (std::size_t n = 0; n < listeners_.size(); ++n)
      slots.push_back({Slot::Is::listener, n, {listeners_[n].socket.number(), POLLIN, 0}});
  for (std::size_t n = 0; n < streams_.size(); ++n) {
    const Stream& stream = streams_[n];
    if (!stream.local.open()) continue;
    int events = 0;
    const bool takes = stream.is == Stream::Is::open && stream.credit > 0 && unsaid_.size() < most_unsaid;
    if (takes && !stream.local_ended) events |= POLLIN;
    if (!stream.to_local.empty()) events |= POLLOUT;
    if (events != 0)
      slots.push_back({Slot::Is::stream, n, {stream.local.number(), static_cast<short>(events), 0}});
  }
  return slots;
}

void Relay::Loop::take_orders() {
  std::vector<std::shared_ptr<Question>> withdrawn;
  {
    const std::lock_guard lock(mutex_);
    for (Wanted& wanted : orders_) wanted_.push_back(std::move(wanted));
    orders_.clear();
    for (Listener& listener : new_listeners_) listeners_.push_back(std::move(listener));
    new_listeners_.clear();
    withdrawn.swap(withdrawn_);
  }
  for (const std::shared_ptr<Question>& question : withdrawn) {
    std::erase_if(wanted_, [&](const Wanted& wanted) { return wanted.question == question; });
    for (std::uint32_t n = 0; n < streams_.size(); ++n)
      if (streams_[n].question == question && streams_[n].is == Stream::Is::dialling) close_stream(n);
  }
}

void Relay::Loop::dial_the_wanted() {
  for (std::uint32_t n = 0; n < streams_.size() && !wanted_.empty(); ++n) {
    Stream& stream = streams_[n];
    if (stream.is != Stream::Is::free) continue;
    Wanted wanted = std::move(wanted_.front());
    wanted_.pop_front();
    stream = Stream();
    stream.is = Stream::Is::dialling;
    stream.question = std::move(wanted.question);
    stream.local = std::move(wanted.local);
    stream.credit = agent::window;
    say(FrameIs::dial, n, {reinterpret_cast<const char*>(&wanted.where), sizeof wanted.where});
  }
}

void Relay::Loop::accept_from(const Listener& listener) {
  FileDescriptor local(accept4(listener.socket.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!local.open()) return;
  const int yes = 1;
  setsockopt(local.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // fails on unix sockets: no matter
  wanted_.push_back({listener.where, nullptr, std::move(local)});
}

void Relay::Loop::say(FrameIs is, std::uint32_t stream, std::string_view bytes) {
  const agent::FrameHead head{is, stream, static_cast<std::uint32_t>(bytes.size())};
  unsaid_.append(reinterpret_cast<const char*>(&head), sizeof head);
  unsaid_.append(bytes);
}

void Relay::Loop::say_number(FrameIs is, std::uint32_t stream, std::uint32_t number) {
  const agent::Number what{number};
  say(is, stream, {reinterpret_cast<const char*>(&what), sizeof what});
}

bool Relay::Loop::exchange_with_agent() {
  for (;;) {
    Result<std::optional<std::string>> piece = agent_->read_some();
    if (!piece) return give_up(piece.failure()), false;
    if (!*piece) break;
    if ((*piece)->empty()) {
      Failure gone{.message = "the agent has ended", .is = FailureClass::endpoint};
      if (!complaints_.empty()) gone.causes.push_back(complaints_);
      return give_up(std::move(gone)), false;
    }
    frames_.feed(**piece);
    while (std::optional<docker::OutputPiece> output = frames_.next()) {
      if (output->from == docker::Output::standard)
        heard_ += output->bytes;
      else if (complaints_.size() < kept_relay_complaints)
        complaints_ += output->bytes;
    }
    std::size_t at = 0;
    agent::FrameHead head{};
    while (heard_.size() - at >= sizeof head) {
      std::memcpy(&head, heard_.data() + at, sizeof head);
      if (heard_.size() - at < sizeof head + head.size) break;
      heard(head, std::string_view(heard_).substr(at + sizeof head, head.size));
      at += sizeof head + head.size;
    }
    heard_.erase(0, at);
  }
  dial_the_wanted();  // streams may have become free
  while (!unsaid_.empty()) {
    const Result<std::size_t> sent = agent_->write_some(unsaid_);
    if (!sent) return give_up(sent.failure()), false;
    if (*sent == 0) break;
    unsaid_.erase(0, *sent);
  }
  return true;
}

void Relay::Loop::heard(const agent::FrameHead& head, std::string_view bytes) {
  if (head.is == FrameIs::hello) {
    const std::lock_guard lock(mutex_);
    greeted_ = true;
    changed_.notify_all();
    return;
  }
  if (head.stream >= streams_.size()) return;
  Stream& stream = streams_[head.stream];
  const bool over = head.is == FrameIs::failed || head.is == FrameIs::closed;
  if (stream.is == Stream::Is::closing) {
    if (over) finish(head.stream, 0);
    return;
  }
  switch (head.is) {
    case FrameIs::opened:
      stream.is = Stream::Is::open;
      if (stream.question == nullptr) break;
      {
        const std::lock_guard lock(mutex_);
        stream.question->answered = true;
        changed_.notify_all();
      }
      close_stream(head.stream);
      break;
    case FrameIs::failed:
      finish(head.stream, static_cast<int>(number_in(bytes)));
      break;
    case FrameIs::data:
      stream.to_local.append(bytes);
      write_local(head.stream);
      break;
    case FrameIs::ended:
      stream.remote_ended = true;
      write_local(head.stream);
      break;
    case FrameIs::closed:
      stream.remote_closed = true;
      if (number_in(bytes) != 0) reset(stream.local);
      if (stream.to_local.empty() || !stream.local.open()) finish(head.stream, 0);
      break;
    case FrameIs::credit:
      stream.credit += number_in(bytes);
      break;
    default:
      break;
  }
}

void Relay::Loop::read_local(std::uint32_t number) {
  Stream& stream = streams_[number];
  std::array<char, agent::largest_frame> bytes;
  const std::size_t room = std::min<std::size_t>(stream.credit, bytes.size());
  if (stream.is != Stream::Is::open || room == 0 || stream.local_ended) return;
  const ssize_t got = recv(stream.local.number(), bytes.data(), room, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return close_stream(number);
  if (got == 0) {
    stream.local_ended = true;
    return say(FrameIs::ended, number);
  }
  stream.credit -= static_cast<std::uint32_t>(got);
  say(FrameIs::data, number, {bytes.data(), static_cast<std::size_t>(got)});
}

void Relay::Loop::write_local(std::uint32_t number) {
  Stream& stream = streams_[number];
  while (!stream.to_local.empty() && stream.local.open()) {
    const ssize_t sent =
        send(stream.local.number(), stream.to_local.data(), stream.to_local.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (sent < 0) return stream.remote_closed ? finish(number, 0) : close_stream(number);
    stream.to_local.erase(0, static_cast<std::size_t>(sent));
    stream.written += static_cast<std::uint32_t>(sent);
  }
  if (stream.remote_closed) {
    if (stream.to_local.empty()) finish(number, 0);
    return;
  }
  if (stream.written >= agent::window / 2 || (stream.written > 0 && stream.to_local.empty())) {
    say_number(FrameIs::credit, number, stream.written);
    stream.written = 0;
  }
  if (stream.remote_ended && stream.to_local.empty() && stream.local.open())
    shutdown(stream.local.number(), SHUT_WR);
}

// The stream is free again when the agent has confirmed it.
void Relay::Loop::close_stream(std::uint32_t number) {
  Stream& stream = streams_[number];
  stream.local.close();
  stream.to_local.clear();
  stream.is = Stream::Is::closing;
  say(FrameIs::close, number);
}

void Relay::Loop::finish(std::uint32_t number, int error) {
  Stream& stream = streams_[number];
  if (stream.question != nullptr && stream.is == Stream::Is::dialling) {
    const std::lock_guard lock(mutex_);
    stream.question->answered = true;
    stream.question->error = error;
    changed_.notify_all();
  }
  if (error != 0) reset(stream.local);
  stream = Stream();
}

void Relay::Loop::give_up(Failure why) {
  for (Stream& stream : streams_) {
    reset(stream.local);
    stream = Stream();
  }
  wanted_.clear();
  listeners_.clear();
  const std::lock_guard lock(mutex_);
  new_listeners_.clear();
  broken_ = std::move(why);
  changed_.notify_all();
}

}  // namespace cairn::reach
