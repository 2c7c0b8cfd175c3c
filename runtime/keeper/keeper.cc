#include "runtime/keeper/keeper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "runtime/effects/clock.h"
#include "runtime/keeper/keeper_loop.h"

namespace cairn::keeper {
namespace {

// The kernel's own layout of struct sigaction, for the system call (Linux, x86-64 and arm64).
struct KernelSigaction {
  void* handler;
  unsigned long flags;
  void* restorer;
  std::uint64_t mask;
};

// What an epoll event is about: a kind and a number in one word.
enum class Source : std::uint64_t { signals, listener, client, output };

constexpr std::uint64_t tag(Source source, std::uint64_t number = 0, std::uint64_t pipe = 0) {
  return (static_cast<std::uint64_t>(source) << 60) | (pipe << 56) | number;
}
constexpr Source source_of(std::uint64_t tag) {
  return static_cast<Source>(tag >> 60);
}
constexpr std::uint64_t number_of(std::uint64_t tag) {
  return tag & ((std::uint64_t{1} << 56) - 1);
}
constexpr std::size_t pipe_of(std::uint64_t tag) {
  return (tag >> 56) & 1;
}

constexpr std::size_t kReadAtOnce = 256 << 10;  // bytes of one pipe before others get their turn

// A brain may have been started with anything blocked or ignored (it blocks signals itself); children are to
// have none of that, and inherit it from here.
sigset_t reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    // By the system call itself: libc refuses to touch the two signals it keeps for its threads (32 and 33),
    // and whoever started cairn may have ignored those as well. All zero is the default action (signal(7)).
    const KernelSigaction standard{};
    syscall(SYS_rt_sigaction, signal, &standard, nullptr, sizeof standard.mask);
  }
  sigset_t ours;
  sigemptyset(&ours);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&ours, signal);
  sigprocmask(SIG_SETMASK, &ours, nullptr);
  return ours;
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

bool make_non_blocking(int file) {
  return fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK) == 0;
}

// 0, 1 and 2 stay taken, so that no file which is meant for a child gets such a number.
void occupy_standard_files() {
  for (;;) {
    const int file = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (file < 0 || file > 2) {
      if (file > 2) close(file);
      return;
    }
  }
}

}  // namespace

KeeperLoop::KeeperLoop(FileDescriptor brain, const MaskMaker& mask_maker)
    : mask_maker_(mask_maker), self_(getpid()) {
  clients_[next_client_++].socket = std::move(brain);
}

bool KeeperLoop::open_session() {
  Packet packet;
  const FileDescriptor& brain = clients_.begin()->second.socket;
  if (receive_packet(brain.number(), packet) != Receipt::packet) return false;
  std::optional<ToKeeper> first = decode_to_keeper(packet.bytes);
  if (!first || !std::holds_alternative<Open>(*first)) return false;
  setup_ = std::get<Open>(std::move(*first));
  run_lock_ = std::move(packet.files);

  const sigset_t ours = reset_signals();
  signals_ = FileDescriptor(signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
  events_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
  null_ = FileDescriptor(open("/dev/null", O_RDWR | O_CLOEXEC));
  children_ = FileDescriptor(open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC));
  const std::string records = fmt::format("{}/{}", setup_.folder, kRecordsName);
  FileDescriptor file(open(records.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!signals_.open() || !events_.open() || !null_.open() || !file.open()) return false;
  records_ = Records(std::move(file));
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return false;
  if (setup_.scope == Scope::up && !listen_for_brains()) return false;
  if (!make_non_blocking(brain.number())) return false;
  watch(signals_.number(), tag(Source::signals), EPOLLIN);
  watch(brain.number(), tag(Source::client, 1), EPOLLIN);
  send(1, ready());
  return true;
}

bool KeeperLoop::listen_for_brains() {
  // By way of the folder's descriptor, since the path of a socket has at most 107 bytes (unix(7)).
  const FileDescriptor folder(open(setup_.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", folder.number(), kSocketName);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  // We hold the run's lock: whoever made the socket that is there has ended.
  unlinkat(folder.number(), std::string(kSocketName).c_str(), 0);
  listener_ = FileDescriptor(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener_.open()) return false;
  const mode_t before = umask(0077);
  const int bound = bind(listener_.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0 || listen(listener_.number(), 16) != 0) return false;
  watch(listener_.number(), tag(Source::listener), EPOLLIN);
  return true;
}

void KeeperLoop::watch(int file, std::uint64_t what, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = what;
  if (epoll_ctl(events_.number(), EPOLL_CTL_ADD, file, &event) != 0 && errno == EEXIST) {
    epoll_ctl(events_.number(), EPOLL_CTL_MOD, file, &event);
  }
}

int KeeperLoop::run() {
  if (!open_session()) return 2;
  std::array<epoll_event, 64> happened;
  while (!finished()) {
    const int count = epoll_wait(events_.number(), happened.data(), static_cast<int>(happened.size()),
                                 milliseconds_to_next_deadline());
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = happened[static_cast<std::size_t>(i)];
      handle(event.data.u64, event.events);
    }
    tell_growth();
    check_deadlines();
  }
  if (listener_.open()) unlink(fmt::format("{}/{}", setup_.folder, kSocketName).c_str());
  return left_something_ ? 1 : 0;
}

void KeeperLoop::handle(std::uint64_t what, std::uint32_t events) {
  switch (source_of(what)) {
    case Source::signals: {
      // As many as there are kinds that we take: the kernel keeps one of each, so that one read has them all.
      std::array<signalfd_siginfo, 8> pending{};
      const ssize_t got = read(signals_.number(), pending.data(), sizeof pending);
      bool asked_to_end = false;
      for (std::size_t i = 0; got > 0 && i < static_cast<std::size_t>(got) / sizeof pending[0]; ++i) {
        asked_to_end = asked_to_end || pending[i].ssi_signo != SIGCHLD;
      }
      reap();
      if (asked_to_end) end_everything();
      break;
    }
    case Source::listener:
      accept_brain();
      break;
    case Source::client:
      if ((events & EPOLLOUT) != 0) send_queued(number_of(what));
      if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_client(number_of(what));
      break;
    case Source::output: {
      const auto found = processes_.find(number_of(what));
      if (found == processes_.end()) break;
      KeptProcess& process = found->second;
      const std::uint64_t log_end = process.log.end();
      process.pipes[pipe_of(what)].drain(process.log, process.exit.tail, process.tail_bytes, kReadAtOnce);
      if (process.log.end() != log_end) grown_.push_back(process.number);
      forget_if_silent(number_of(what));
      break;
    }
  }
}

bool KeeperLoop::finished() const {
  if (give_up_at_ && real_clock().now() >= *give_up_at_) return true;
  const bool nothing_runs =
      by_pid_.empty() && std::none_of(processes_.begin(), processes_.end(), [](const auto& p) {
        return p.second.state != KeptProcess::State::settled;
      });
  if (!nothing_runs) return false;
  if (ending_) return children_of(self_).empty();
  return setup_.scope == Scope::up && clients_.empty() && children_of(self_).empty();
}

void KeeperLoop::accept_brain() {
  FileDescriptor socket(accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.open()) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid())
    return;
  const std::uint64_t number = next_client_++;
  watch(socket.number(), tag(Source::client, number), EPOLLIN);
  clients_[number].socket = std::move(socket);
}

void KeeperLoop::read_client(std::uint64_t number) {
  Packet packet;
  for (;;) {
    const auto found = clients_.find(number);
    if (found == clients_.end()) return;
    const Receipt receipt = receive_packet(found->second.socket.number(), packet);
    if (receipt == Receipt::nothing) return;
    const std::optional<ToKeeper> message =
        receipt == Receipt::packet ? decode_to_keeper(packet.bytes) : std::nullopt;
    if (!message) return drop_client(number);
    if (std::holds_alternative<End>(*message)) {
      end_everything();
    } else if (const auto* stay = std::get_if<Stay>(&*message)) {
      on(number, *stay);
    } else if (const auto* attach = std::get_if<Attach>(&*message)) {
      on(number, *attach);
    } else if (const auto* spawn = std::get_if<SpawnRequest>(&*message)) {
      on(number, *spawn);
    } else if (const auto* signal = std::get_if<SignalRequest>(&*message)) {
      on(number, *signal);
    } else {
      return drop_client(number);  // a second Open
    }
  }
}

void KeeperLoop::drop_client(std::uint64_t number) {
  clients_.erase(number);
  if (setup_.scope == Scope::run) end_everything();
}

void KeeperLoop::send(std::uint64_t client, const ToBrain& message) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  found->second.greeted |= std::holds_alternative<Ready>(message);
  found->second.unsent.push_back(encode(message));
  send_queued(client);
}

void KeeperLoop::send_queued(std::uint64_t client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  Client& to = found->second;
  const bool was_waiting = to.unsent.size() > 1;
  while (!to.unsent.empty()) {
    const int error = send_packet(to.socket.number(), to.unsent.front());
    if (error == EAGAIN || error == ENOBUFS || error == ENOMEM) {
      return watch(to.socket.number(), tag(Source::client, client), EPOLLIN | EPOLLOUT);
    }
    to.unsent.pop_front();  // sent, or the brain is gone, which reading will tell
  }
  if (was_waiting) watch(to.socket.number(), tag(Source::client, client), EPOLLIN);
}

// Told once a turn, and to a brain that does not keep up when it has taken what it was sent before.
void KeeperLoop::tell_growth() {
  for (const std::uint64_t number : std::exchange(grown_, {})) {
    const auto process = processes_.find(number);
    if (process == processes_.end() || process->second.state == KeptProcess::State::settled) continue;
    for (auto& [client, to] : clients_) to.grown.insert(number);
  }
  std::vector<std::uint64_t> free;
  for (const auto& [client, to] : clients_) {
    if (!to.grown.empty() && to.unsent.empty() && to.greeted) free.push_back(client);
  }
  for (const std::uint64_t client : free) {
    for (const std::uint64_t number : std::exchange(clients_.at(client).grown, {})) {
      const auto process = processes_.find(number);
      if (process == processes_.end() || process->second.state == KeptProcess::State::settled) continue;
      send(client, LogGrown{number, process->second.log.end()});
    }
  }
}

Ready KeeperLoop::ready() const {
  Ready ready{self_, {}};
  for (const auto& [number, process] : processes_) {
    if (process.state != KeptProcess::State::settled)
      ready.running.push_back({number, process.pid, process.step});
  }
  return ready;
}

void KeeperLoop::on(std::uint64_t client, const Attach&) {
  send(client, ready());
}

void KeeperLoop::on(std::uint64_t client, const SpawnRequest& request) {
  Answer answer;
  if (ending_) {
    answer.failed_at = SpawnStage::ending;
  } else {
    answer = start(request.spec);
  }
  answer.request = request.request;
  if (answer.process != 0) {
    const KeptProcess& process = processes_.at(answer.process);
    for (std::size_t i = 0; i < process.pipes.size(); ++i) {
      if (process.pipes[i].open())
        watch(process.pipes[i].number(), tag(Source::output, answer.process, i), EPOLLIN);
    }
  }
  send(client, answer);
}

void KeeperLoop::on(std::uint64_t client, const SignalRequest& request) {
  Answer answer;
  answer.request = request.request;
  const auto found = processes_.find(request.process);
  if (found != processes_.end() && found->second.state == KeptProcess::State::running) {
    if (request.whole_tree) {
      kill_tree(found->second);
    } else if (kill(found->second.pid, request.signal) !=
               0) {  // our child, not waited for: the pid is its own
      answer.error = errno;
    }
  }
  send(client, answer);
}

void KeeperLoop::on(std::uint64_t client, const Stay& stay) {
  Answer answer;
  answer.request = stay.request;
  if (setup_.scope == Scope::run) {
    if (listen_for_brains()) {
      setup_.scope = Scope::up;
      dup2(null_.number(), STDERR_FILENO);  // whoever reads that of our brain waits for its end
    } else {
      answer.error = errno;
    }
  }
  send(client, answer);
}

int keeper_main(const MaskMaker& mask_maker) {
  occupy_standard_files();
  int kind = 0;
  socklen_t size = sizeof kind;
  if (getsockopt(kBrainSocket, SOL_SOCKET, SO_TYPE, &kind, &size) != 0 || kind != SOCK_SEQPACKET) {
    fmt::print(stderr, "cairn {} is started by cairn itself, with a socket as file {}\n", kKeeperCommand,
               kBrainSocket);
    return 2;
  }
  close_range(kBrainSocket + 1, ~0u, 0);
  fcntl(kBrainSocket, F_SETFD, FD_CLOEXEC);
  setsid();
  prctl(PR_SET_NAME, "cairn-keeper");
  raise_file_limit();
  return KeeperLoop(FileDescriptor(kBrainSocket), mask_maker).run();
}

}  // namespace cairn::keeper
