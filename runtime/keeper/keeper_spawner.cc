#include "runtime/keeper/keeper_spawner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "runtime/keeper/keeper.h"
#include "runtime/keeper/packet.h"
#include "runtime/keeper/records.h"
#include "runtime/keeper/spawn_failure.h"

namespace cairn::keeper {
namespace {

Failure could_not_start_keeper(const std::string& what, int error) {
  Failure failure{"could not start the keeper of host processes"};
  failure.causes.push_back(fmt::format("{}: {}", what, std::strerror(error)));
  failure.nothing_done = true;
  return failure;
}

// The one other place that forks. All signals are blocked around it, as a handler must not run in the child.
// A keeper that outlives us lets go of standard error, too: whoever reads that waits for its end.
pid_t exec_keeper(const std::string& program, int socket, Scope scope, int& error) {
  const std::string command(kKeeperCommand);
  const std::array<char*, 3> arguments{const_cast<char*>("cairn"), const_cast<char*>(command.c_str()),
                                       nullptr};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    if (socket == kBrainSocket) {
      fcntl(socket, F_SETFD, 0);
    } else {
      dup2(socket, kBrainSocket);
    }
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, 0);
    dup2(null, 1);
    if (scope == Scope::up) dup2(null, 2);
    execv(program.c_str(), arguments.data());
    _exit(127);
  }
  error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

}  // namespace

std::vector<OriginalLimit> original_limits() {
  std::vector<OriginalLimit> limits;
  for (const auto resource : {RLIMIT_NOFILE, RLIMIT_CORE}) {
    rlimit limit{};
    if (getrlimit(resource, &limit) == 0)
      limits.push_back({static_cast<int>(resource), limit.rlim_cur, limit.rlim_max});
  }
  return limits;
}

Result<std::unique_ptr<KeeperSpawner>> KeeperSpawner::start(const KeeperSetup& setup) {
  Result<std::unique_ptr<KeeperSpawner>> spawner = begin(setup);
  if (!spawner) return spawner;
  if (Result<Done> ready = (*spawner)->ready(); !ready) return ready.failure();
  return spawner;
}

Result<std::unique_ptr<KeeperSpawner>> KeeperSpawner::begin(const KeeperSetup& setup) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return could_not_start_keeper("socketpair", errno);
  }
  FileDescriptor ours(ends[0]);
  const FileDescriptor theirs(ends[1]);
  int error = 0;
  const pid_t child = exec_keeper(setup.program, theirs.number(), setup.scope, error);
  if (child < 0) return could_not_start_keeper("fork", error);
  std::unique_ptr<KeeperSpawner> spawner(new KeeperSpawner(std::move(ours), child, setup.scope));
  // Our copy of its end has to go first: otherwise we would not notice that it died.
  const_cast<FileDescriptor&>(theirs).close();
  const Open open{setup.project, setup.run, setup.folder, setup.scope, setup.limits};
  if (Result<Done> greeted = spawner->greet(open, setup.run_lock); !greeted) return greeted.failure();
  return spawner;
}

Result<std::unique_ptr<KeeperSpawner>> KeeperSpawner::attach(const std::string& run_folder) {
  const auto failed = [&](const char* what) {
    Failure failure{fmt::format("could not reach the keeper of `{}`", run_folder)};
    failure.causes.push_back(fmt::format("{}: {}", what, std::strerror(errno)));
    failure.nothing_done = true;
    return failure;
  };
  // By way of the folder's descriptor, since the path of a socket has at most 107 bytes (unix(7)).
  const FileDescriptor folder(open(run_folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) return failed("its folder");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", folder.number(), kSocketName);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  FileDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.open()) return failed("socket");
  if (connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failed("its socket");
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return failed("its socket");
  if (peer.uid != geteuid()) {
    errno = EPERM;
    return failed("its socket belongs to another user");
  }
  std::unique_ptr<KeeperSpawner> spawner(new KeeperSpawner(std::move(socket), 0, Scope::up));
  if (Result<Done> greeted = spawner->greet(Attach{}, -1); !greeted) return greeted.failure();
  if (Result<Done> ready = spawner->ready(); !ready) return ready.failure();
  return spawner;
}

KeeperSpawner::KeeperSpawner(FileDescriptor socket, pid_t child, Scope scope)
    : socket_(std::move(socket)), child_(child), scope_(scope) {}

Result<Done> KeeperSpawner::greet(const ToKeeper& first, int file) {
  if (const int error = send_packet(socket_.number(), encode(first), file); error != 0) {
    gone_ = true;
    return could_not_start_keeper("it did not listen", error);
  }
  return start_listening();
}

Result<Done> KeeperSpawner::start_listening() {
  try {
    listener_ = std::jthread([this] { listen(); });
  } catch (const std::system_error& error) {  // the system gives no more threads
    gone_ = true;
    return could_not_start_keeper("its listener", error.code().value());
  }
  return Done{};
}

Result<Done> KeeperSpawner::ready() {
  std::unique_lock lock(mutex_);
  is_ready_changed_.wait(lock, [this] { return is_ready_ || gone_; });
  return is_ready_ ? Result<Done>(Done{}) : could_not_start_keeper("it did not answer", ECONNRESET);
}

bool KeeperSpawner::hear_ready() {
  Packet packet;
  std::optional<ToBrain> answer;
  if (receive_packet(socket_.number(), packet) == Receipt::packet) answer = decode_to_brain(packet.bytes);
  const Ready* its = answer ? std::get_if<Ready>(&*answer) : nullptr;
  if (its == nullptr) return false;
  std::lock_guard lock(mutex_);
  keeper_pid_ = static_cast<pid_t>(its->keeper_pid);
  for (const Process& process : its->running)
    known_[process.number] = {process.step, process.pid, {}, 0, {}, nullptr};
  is_ready_ = true;
  is_ready_changed_.notify_all();
  return true;
}

KeeperSpawner::~KeeperSpawner() {
  if (scope_ == Scope::run) {
    // It still tells how its processes end; the listener stops at the end of that.
    shutdown(socket_.number(), SHUT_WR);
    if (listener_.joinable()) listener_.join();
    if (child_ > 0) wait_for(child_);
    return;
  }
  shutdown(socket_.number(), SHUT_RDWR);
  if (listener_.joinable()) listener_.join();
  if (child_ <= 0) return;
  // A keeper of scope `up` goes on; it is init's when we have ended. One that has nothing to keep ends at
  // once, and whoever comes next should not find it.
  if (asked_for_something_)
    waitpid(child_, nullptr, WNOHANG);
  else
    wait_for(child_);
}

Result<Done> KeeperSpawner::let_stay() {
  const Result<Answer> answer = ask([](std::uint64_t request) { return Stay{request}; });
  if (!answer) return Failure(answer.failure());
  if (answer->error != 0)
    return Failure{"host services could not be kept"}.because(std::strerror(answer->error));
  scope_ = Scope::up;
  return Done{};
}

Result<Done> KeeperSpawner::end() {
  if (Result<Done> there = ready(); !there) return there;
  {
    std::lock_guard lock(sending_);
    send_packet(socket_.number(), encode(ToKeeper(End{})));
  }
  std::unique_lock lock(mutex_);
  gone_changed_.wait(lock, [this] { return gone_; });
  lock.unlock();
  const int status = child_ > 0 ? wait_for(std::exchange(child_, 0)) : 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Done{};
  Failure failure{"some host processes could not be stopped"};
  failure.help = "`cairn clean` lists them and tries again";
  return failure;
}

void KeeperSpawner::listen() {
  Packet packet;
  const bool heard_it = hear_ready();
  while (heard_it && receive_packet(socket_.number(), packet) == Receipt::packet) {
    const std::optional<ToBrain> message = decode_to_brain(packet.bytes);
    if (!message) break;
    if (const auto* answer = std::get_if<Answer>(&*message)) heard(*answer);
    if (const auto* ended = std::get_if<Ended>(&*message)) heard(*ended);
    if (const auto* grown = std::get_if<LogGrown>(&*message)) heard(*grown);
  }
  std::lock_guard lock(mutex_);
  gone_ = true;
  gone_changed_.notify_all();
  is_ready_changed_.notify_all();
  for (const auto& [request, asked] : asked_) asked->changed->notify_all();
  for (const auto& [number, known] : known_)
    if (known.changed) known.changed->notify_all();
}

void KeeperSpawner::heard(const Answer& answer) {
  Wake asker;
  {
    std::lock_guard lock(mutex_);
    if (answer.process != 0) known_[answer.process].pid = static_cast<pid_t>(answer.pid);
    const auto found = asked_.find(answer.request);
    if (found == asked_.end()) return;
    found->second->answer = answer;
    asker = found->second->changed;
  }
  asker->notify_all();
}

void KeeperSpawner::heard(const Ended& ended) {
  std::vector<std::function<void(const Exit&)>> watchers;
  Wake waiting;
  {
    std::lock_guard lock(mutex_);
    Known& process = known_[ended.process];
    process.exit = ended.exit;
    process.log_end = ended.log_end;
    watchers.swap(process.watchers);
    waiting = process.changed;
  }
  if (waiting) waiting->notify_all();
  for (const auto& watcher : watchers) watcher(ended.exit);
}

void KeeperSpawner::heard(const LogGrown& grown) {
  Wake waiting;
  {
    std::lock_guard lock(mutex_);
    Known& process = known_[grown.process];
    process.log_end = grown.log_end;
    waiting = process.changed;
  }
  if (waiting) waiting->notify_all();
}

Failure KeeperSpawner::keeper_is_gone() const {
  Failure failure{"the keeper of host processes is gone"};
  failure.causes.push_back("it was killed or crashed; the processes that it kept were killed with it");
  failure.help = "`cairn clean` removes what may be left";
  return failure;
}

Result<Answer> KeeperSpawner::ask(const std::function<ToKeeper(std::uint64_t request)>& message) {
  asked_for_something_ = true;
  if (Result<Done> there = ready(); !there) return there.failure();
  Asked asked;
  std::uint64_t request = 0;
  {
    std::lock_guard lock(mutex_);
    request = ++last_request_;
    asked_[request] = &asked;
  }
  const std::string bytes = encode(message(request));
  int error = 0;
  {
    std::lock_guard lock(sending_);
    error = send_packet(socket_.number(), bytes);
  }
  std::unique_lock lock(mutex_);
  if (error == 0) asked.changed->wait(lock, [&] { return gone_ || asked.answer.has_value(); });
  asked_.erase(request);
  if (asked.answer) return std::move(*asked.answer);
  return keeper_is_gone();
}

bool KeeperSpawner::wait_until(const Process& process, std::stop_token stop, std::optional<Instant> deadline,
                               const std::function<bool(const Known&)>& there_is) {
  Wake changed;
  {
    std::lock_guard lock(mutex_);
    Known& known = known_[process.number];
    if (!known.changed) known.changed = std::make_shared<std::condition_variable>();
    changed = known.changed;
  }
  const std::stop_callback wake(stop, [&] {
    std::lock_guard lock(mutex_);
    changed->notify_all();
  });
  std::unique_lock lock(mutex_);
  const Known& known = known_[process.number];
  const auto over = [&] { return there_is(known) || gone_ || stop.stop_requested(); };
  if (deadline) return changed->wait_until(lock, *deadline, over);
  changed->wait(lock, over);
  return true;
}

Result<Process> KeeperSpawner::spawn(const SpawnSpec& spec) {
  const Result<Answer> answer = ask([&](std::uint64_t request) { return SpawnRequest{request, spec}; });
  if (!answer) return Failure(answer.failure());
  if (answer->failed_at != SpawnStage::none) return spawn_failure(spec, *answer);
  std::lock_guard lock(mutex_);
  known_[answer->process].step = spec.step;
  return Process{answer->process, static_cast<pid_t>(answer->pid), spec.step};
}

Result<Exit> KeeperSpawner::wait(const Process& process, std::stop_token stop,
                                 std::optional<Instant> deadline) {
  const bool in_time =
      wait_until(process, stop, deadline, [](const Known& known) { return known.exit.has_value(); });
  std::lock_guard lock(mutex_);
  if (const Known& known = known_[process.number]; known.exit) return *known.exit;
  if (gone_) return keeper_is_gone();
  Failure failure{fmt::format("`{}` is still running", process.step)};
  failure.is = in_time ? FailureClass::cancelled : FailureClass::timeout;
  return failure;
}

Result<Spawner::LogEnd> KeeperSpawner::wait_for_log(const Process& process, std::uint64_t known_end,
                                                    std::stop_token stop) {
  wait_until(process, stop, {},
             [&](const Known& known) { return known.exit.has_value() || known.log_end > known_end; });
  std::lock_guard lock(mutex_);
  const Known& known = known_[process.number];
  if (known.exit || known.log_end > known_end) return LogEnd{known.log_end, known.exit.has_value()};
  if (gone_) return keeper_is_gone();
  Failure failure{fmt::format("`{}` says nothing more now", process.step)};
  failure.is = FailureClass::cancelled;
  return failure;
}

Result<Done> KeeperSpawner::ask_for_signal(const Process& process, int signal, bool whole_tree) {
  const Result<Answer> answer = ask([&](std::uint64_t request) {
    return SignalRequest{request, process.number, signal, whole_tree};
  });
  if (!answer) return Failure(answer.failure());
  if (answer->error == 0) return Done{};
  return Failure{fmt::format("could not signal `{}`", process.step)}.because(std::strerror(answer->error));
}

Result<Done> KeeperSpawner::signal(const Process& process, int signal) {
  return ask_for_signal(process, signal, false);
}

Result<Done> KeeperSpawner::kill_tree(const Process& process) {
  return ask_for_signal(process, SIGKILL, true);
}

void KeeperSpawner::when_ended(const Process& process, std::function<void(const Exit&)> then) {
  Exit exit;
  {
    std::lock_guard lock(mutex_);
    Known& known = known_[process.number];
    if (!known.exit) {
      known.watchers.push_back(std::move(then));
      return;
    }
    exit = *known.exit;
  }
  then(exit);
}

std::vector<Process> KeeperSpawner::running() {
  std::lock_guard lock(mutex_);
  std::vector<Process> processes;
  for (const auto& [number, known] : known_) {
    if (!known.exit && !gone_) processes.push_back({number, known.pid, known.step});
  }
  return processes;
}

}  // namespace cairn::keeper
