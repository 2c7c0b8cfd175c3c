// The agent: the only program of a container that cairn puts on the networks of an engine which is not on
// this machine. Makes TCP connections there and carries their bytes over stdin and stdout (wire.h). It ends
// when stdin does, that is: with cairn, however cairn ends.
//
// Linked statically, without the C++ library: it is alone in its image. One thread, one poll, no allocation.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/agent/wire.h"

namespace {

using namespace cairn::agent;

struct Stream {
  int socket;  // -1: free
  bool connecting;
  bool input_ended, output_ended;  // cairn has said its last; so has the other side
  bool output_cut;                 // its last was passed on to the socket
  long long deadline_ms;           // to connect
  unsigned begin, size;            // of `waiting`, a ring: what the socket did not take yet
  unsigned taken;                  // what it took since the last credit
  unsigned credit;                 // what cairn takes still
  unsigned char waiting[window];
};

Stream streams[most_streams];

[[noreturn]] void leave(int code) {
  _exit(code);
}

long long now_ms() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void write_all(const void* bytes, size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t wrote = write(1, at, size);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) leave(1);
    at += wrote;
    size -= static_cast<size_t>(wrote);
  }
}

void say(FrameIs is, unsigned stream, const void* bytes = nullptr, unsigned size = 0) {
  // In one write, as long as it is small: each one becomes a frame of the engine's own.
  static unsigned char frame[sizeof(FrameHead) + largest_frame];
  const FrameHead head{is, stream, size};
  memcpy(frame, &head, sizeof head);
  if (size > 0) memcpy(frame + sizeof head, bytes, size);
  write_all(frame, sizeof head + size);
}

void say_number(FrameIs is, unsigned stream, unsigned value) {
  const Number number{value};
  say(is, stream, &number, sizeof number);
}

void end(unsigned number, FrameIs is, int error) {
  Stream& stream = streams[number];
  close(stream.socket);
  stream.socket = -1;
  say_number(is, number, static_cast<unsigned>(error));
}

// A connection to a port that nobody listens on can meet itself when the port is one that the kernel gives to
// outgoing connections (RFC 9293, simultaneous open).
bool meets_itself(int socket) {
  sockaddr_in6 here{}, there{};
  socklen_t here_size = sizeof here, there_size = sizeof there;
  return getsockname(socket, reinterpret_cast<sockaddr*>(&here), &here_size) == 0 &&
         getpeername(socket, reinterpret_cast<sockaddr*>(&there), &there_size) == 0 &&
         here_size == there_size && memcmp(&here, &there, here_size) == 0;
}

void settle_connect(unsigned number, int error) {
  Stream& stream = streams[number];
  if (error == 0 && meets_itself(stream.socket)) error = ECONNREFUSED;
  if (error != 0) return end(number, FrameIs::failed, error);
  stream.connecting = false;
  const int yes = 1;
  setsockopt(stream.socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  say(FrameIs::opened, number);
}

void dial(unsigned number, const Dial& where) {
  Stream& stream = streams[number];
  stream.socket = socket(where.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (stream.socket < 0) return say_number(FrameIs::failed, number, static_cast<unsigned>(errno));
  stream.connecting = true;
  stream.input_ended = stream.output_ended = stream.output_cut = false;
  stream.deadline_ms = now_ms() + where.timeout_ms;
  stream.begin = stream.size = stream.taken = 0;
  stream.credit = window;
  sockaddr_in6 six{};
  sockaddr_in four{};
  const sockaddr* address;
  socklen_t size;
  if (where.family == AF_INET6) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(where.port);
    memcpy(&six.sin6_addr, where.address, sizeof six.sin6_addr);
    address = reinterpret_cast<const sockaddr*>(&six);
    size = sizeof six;
  } else {
    four.sin_family = AF_INET;
    four.sin_port = htons(where.port);
    memcpy(&four.sin_addr, where.address, sizeof four.sin_addr);
    address = reinterpret_cast<const sockaddr*>(&four);
    size = sizeof four;
  }
  const int error = connect(stream.socket, address, size) == 0 ? 0 : errno;
  if (error != EINPROGRESS) settle_connect(number, error);
}

// To the socket what it takes.
void flush(unsigned number) {
  Stream& stream = streams[number];
  while (stream.size > 0) {
    const unsigned straight = window - stream.begin < stream.size ? window - stream.begin : stream.size;
    const ssize_t sent = send(stream.socket, stream.waiting + stream.begin, straight, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return end(number, FrameIs::closed, errno);
    stream.begin = (stream.begin + static_cast<unsigned>(sent)) % window;
    stream.size -= static_cast<unsigned>(sent);
    stream.taken += static_cast<unsigned>(sent);
  }
  if (stream.taken > 0 && (stream.size == 0 || stream.taken >= window / 2)) {
    say_number(FrameIs::credit, number, stream.taken);
    stream.taken = 0;
  }
  if (stream.input_ended && stream.size == 0 && !stream.output_cut) {
    stream.output_cut = true;
    shutdown(stream.socket, SHUT_WR);
  }
  if (stream.output_cut && stream.output_ended) end(number, FrameIs::closed, 0);
}

void take_data(unsigned number, const unsigned char* bytes, unsigned size) {
  Stream& stream = streams[number];
  if (stream.size + size > window) leave(2);  // cairn does not keep to its credit: that is a bug of ours
  for (unsigned i = 0; i < size; ++i) stream.waiting[(stream.begin + stream.size + i) % window] = bytes[i];
  stream.size += size;
  if (!stream.connecting) flush(number);
}

// From the socket what cairn takes.
void fetch(unsigned number) {
  Stream& stream = streams[number];
  static unsigned char bytes[largest_frame];
  const unsigned room = stream.credit < largest_frame ? stream.credit : largest_frame;
  const ssize_t got = recv(stream.socket, bytes, room, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return end(number, FrameIs::closed, errno);
  if (got > 0) {
    stream.credit -= static_cast<unsigned>(got);
    return say(FrameIs::data, number, bytes, static_cast<unsigned>(got));
  }
  stream.output_ended = true;
  say(FrameIs::ended, number);
  if (stream.output_cut) end(number, FrameIs::closed, 0);
}

void obey(const FrameHead& head, const unsigned char* bytes) {
  if (head.stream >= most_streams) leave(2);
  Stream& stream = streams[head.stream];
  if (head.is == FrameIs::dial && head.size == sizeof(Dial)) {
    if (stream.socket >= 0) leave(2);
    Dial where;
    memcpy(&where, bytes, sizeof where);
    return dial(head.stream, where);
  }
  if (head.is == FrameIs::close) {
    // The stream may just have ended by itself; either way this is the last word about it.
    if (stream.socket >= 0) end(head.stream, FrameIs::closed, 0);
    return;
  }
  if (stream.socket < 0) return;
  if (head.is == FrameIs::data) return take_data(head.stream, bytes, head.size);
  if (head.is == FrameIs::ended) {
    stream.input_ended = true;
    if (!stream.connecting) flush(head.stream);
    return;
  }
  if (head.is == FrameIs::credit && head.size == sizeof(Number)) {
    Number number;
    memcpy(&number, bytes, sizeof number);
    stream.credit += number.value;
    return;
  }
  leave(2);
}

// Reads what is there and obeys every whole frame.
void listen_to_cairn() {
  static unsigned char input[sizeof(FrameHead) + largest_frame];
  static unsigned have = 0;
  const ssize_t got = read(0, input + have, sizeof input - have);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) leave(0);
  have += static_cast<unsigned>(got);
  unsigned at = 0;
  FrameHead head;
  while (have - at >= sizeof head) {
    memcpy(&head, input + at, sizeof head);
    if (head.size > largest_frame) leave(2);
    if (have - at < sizeof head + head.size) break;
    obey(head, input + at + sizeof head);
    at += static_cast<unsigned>(sizeof head) + head.size;
  }
  memmove(input, input + at, have - at);
  have -= at;
}

void serve(unsigned number, short happened) {
  Stream& stream = streams[number];
  if (stream.connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(stream.socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    settle_connect(number, error);
    if (stream.socket >= 0) flush(number);  // what came meanwhile
    return;
  }
  if ((happened & (POLLOUT | POLLERR)) != 0) flush(number);
  if (stream.socket >= 0 && (happened & (POLLIN | POLLHUP | POLLERR)) != 0 && !stream.output_ended)
    fetch(number);
}

}  // namespace

int main() {
  signal(SIGPIPE, SIG_IGN);
  for (Stream& stream : streams) stream.socket = -1;
  say(FrameIs::hello, 0);
  static pollfd waiting[1 + most_streams];
  static unsigned which[1 + most_streams];
  for (;;) {
    nfds_t count = 1;
    waiting[0] = {0, POLLIN, 0};
    long long soonest = -1;
    const long long now = now_ms();
    for (unsigned n = 0; n < most_streams; ++n) {
      Stream& stream = streams[n];
      if (stream.socket < 0) continue;
      if (stream.connecting && stream.deadline_ms <= now) {
        end(n, FrameIs::failed, ETIMEDOUT);
        continue;
      }
      short events = 0;
      if (stream.connecting || stream.size > 0) events |= POLLOUT;
      if (!stream.connecting && !stream.output_ended && stream.credit > 0) events |= POLLIN;
      if (stream.connecting && (soonest < 0 || stream.deadline_ms - now < soonest))
        soonest = stream.deadline_ms - now;
      if (events == 0) continue;
      which[count] = n;
      waiting[count++] = {stream.socket, events, 0};
    }
    if (poll(waiting, count, static_cast<int>(soonest)) < 0 && errno != EINTR) leave(1);
    for (nfds_t i = 1; i < count; ++i)
      if (waiting[i].revents != 0 && streams[which[i]].socket == waiting[i].fd)
        serve(which[i], waiting[i].revents);
    if (waiting[0].revents != 0) listen_to_cairn();
  }
}
