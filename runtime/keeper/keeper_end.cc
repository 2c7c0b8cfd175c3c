// How processes end in the keeper: a main process that is waited for, then the rest of its tree; or
// everything.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/effects/clock.h"
#include "runtime/keeper/keeper_loop.h"
#include "runtime/keeper/process_facts.h"

namespace cairn::keeper {
namespace {

// SIGKILL works at once, or not at all: on a process in an uninterruptible wait, or on one that is not ours
// any more.
constexpr Nanoseconds kKillTakes = std::chrono::seconds(5);
// While something that was killed is still there; its death is a SIGCHLD, except for who changed parents
// meanwhile.
constexpr int kLookAgainMs = 20;

}  // namespace

void KeeperLoop::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto found = by_pid_.find(pid);
    if (found == by_pid_.end()) continue;  // an orphan that came back to us, or a launch that failed
    KeptProcess& process = processes_.at(found->second);
    by_pid_.erase(found);
    process.state = KeptProcess::State::ended;
    process.kill_at.reset();
    process.settle_by = real_clock().now() + kKillTakes;
    if (WIFSIGNALED(status)) {
      process.exit.signal = WTERMSIG(status);
    } else {
      process.exit.code = WEXITSTATUS(status);
    }
  }
  settle_ended();
}

void KeeperLoop::settle_ended() {
  std::vector<std::uint64_t> ended;
  for (const auto& [number, process] : processes_) {
    if (process.state == KeptProcess::State::ended) ended.push_back(number);
  }
  for (const std::uint64_t number : ended) settle(processes_.at(number));
  if (ending_) end_step_by_step();
}

// Whoever waits is told only when the rest of the tree is gone and the log is complete.
void KeeperLoop::settle(KeptProcess& process) {
  const Tree rest = tree_of(process);
  const bool some_ran = kill_all(rest.pids, SIGKILL);
  if ((some_ran || !rest.certain) && real_clock().now() < process.settle_by) return;
  if (some_ran) {
    left_something_ = true;
    for (const pid_t pid : rest.pids) records_.left_behind(process.number, pid);
  }
  process.drain_all();
  process.state = KeptProcess::State::settled;
  process.cgroup.entries.clear();
  if (!process.cgroup.folders.empty()) emptying_groups_.push_back(std::move(process.cgroup));
  remove_groups();
  records_.ended(process.number, process.exit);
  std::vector<std::uint64_t> listeners;
  for (const auto& [number, client] : clients_)
    if (client.greeted) listeners.push_back(number);
  for (const std::uint64_t client : listeners)
    send(client, Ended{process.number, process.exit, process.log.end()});
  forget_if_silent(process.number);
}

// A group can be removed when the last of its processes is gone, which may take the kernel a moment longer
// than us.
void KeeperLoop::remove_groups() {
  std::erase_if(emptying_groups_, [](const Cgroup& group) { return Cgroups::remove(group); });
}

void KeeperLoop::forget_if_silent(std::uint64_t number) {
  const auto found = processes_.find(number);
  if (found == processes_.end() || found->second.state != KeptProcess::State::settled) return;
  if (!found->second.output_open()) processes_.erase(found);
}

// One read, as a rule, for what children_of() asks of the kernel by a dozen calls: it is done for each
// process that ends.
std::vector<pid_t> KeeperLoop::own_children() const {
  std::array<char, 4096> piece;
  std::string list;
  while (children_.open()) {
    const ssize_t got =
        pread(children_.number(), piece.data(), piece.size(), static_cast<off_t>(list.size()));
    if (got < 0) break;
    list.append(piece.data(), static_cast<std::size_t>(got));
    // The kernel fills a page as far as whole entries fit (seq_file): after half a page nothing follows.
    if (static_cast<std::size_t>(got) < piece.size() / 2) return pids_in(list);
  }
  return children_of(self_);
}

std::vector<pid_t> KeeperLoop::strays() const {
  std::vector<pid_t> strays;
  for (const pid_t child : own_children()) {
    if (!by_pid_.contains(child)) strays.push_back(child);
  }
  return strays;
}

// A tree is what descends from the main process, and of the orphans that came to us those of its session or
// with its markers: a daemon leaves its parent and its session, but not its environment.
KeeperLoop::Tree KeeperLoop::tree_of(const KeptProcess& process) const {
  Tree tree;
  if (process.state == KeptProcess::State::running) tree.pids = descendants_of(process.pid);
  for (const pid_t stray : strays()) {
    const std::optional<ProcessFacts> facts = facts_of(stray);
    if (!facts || !facts->running()) continue;
    bool is_ours = facts->session == process.pid;
    if (!is_ours) {
      const std::optional<std::string> environment = environment_of(stray);
      tree.certain = tree.certain && environment.has_value();
      is_ours = environment && has_variable(*environment, kRunMarker, setup_.run) &&
                has_variable(*environment, kProcessMarker, std::to_string(process.number));
    }
    if (!is_ours) continue;
    tree.pids.push_back(stray);
    const std::vector<pid_t> below = descendants_of(stray);
    tree.pids.insert(tree.pids.end(), below.begin(), below.end());
  }
  return tree;
}

// True if any of them was still running.
bool KeeperLoop::kill_all(const std::vector<pid_t>& pids, int signal) const {
  bool any = false;
  for (const pid_t pid : pids) {
    const std::optional<ProcessFacts> facts = facts_of(pid);
    if (!facts || !facts->running()) continue;
    any = true;
    signal_exactly(*facts, signal);
  }
  return any;
}

void KeeperLoop::kill_tree(KeptProcess& process) {
  process.kill_at.reset();
  const Tree rest = tree_of(process);
  kill(process.pid, SIGKILL);  // first, so that it starts nothing new
  kill_all(rest.pids, SIGKILL);
}

void KeeperLoop::end_everything() {
  if (ending_) return;
  ending_ = true;
  Nanoseconds longest{};
  for (auto& [number, process] : processes_) {
    if (process.state != KeptProcess::State::running) continue;
    kill(process.pid, process.stop_signal);
    process.kill_at = real_clock().now() + process.grace;
    longest = std::max(longest, process.grace);
  }
  give_up_at_ = real_clock().now() + longest + 2 * kKillTakes;
  end_step_by_step();
}

// When no main process is left, nothing else may be either.
void KeeperLoop::end_step_by_step() {
  if (!by_pid_.empty()) return;
  kill_all(descendants_of(self_), SIGKILL);
}

void KeeperLoop::check_deadlines() {
  remove_groups();
  bool killed_something = false;
  for (auto& [number, process] : processes_) {
    if (process.state != KeptProcess::State::running || !process.kill_at ||
        real_clock().now() < *process.kill_at)
      continue;
    kill_tree(process);
    killed_something = true;
  }
  if (killed_something || milliseconds_to_next_deadline() == kLookAgainMs) reap();
  if (give_up_at_ && real_clock().now() >= *give_up_at_) {
    left_something_ = true;
    for (const pid_t pid : descendants_of(self_)) records_.left_behind(0, pid);
  }
}

int KeeperLoop::milliseconds_to_next_deadline() const {
  if (!emptying_groups_.empty()) return kLookAgainMs;
  std::optional<Instant> next = give_up_at_;
  for (const auto& [number, process] : processes_) {
    if (process.state == KeptProcess::State::ended) return kLookAgainMs;
    if (process.kill_at) next = next ? std::min(*next, *process.kill_at) : *process.kill_at;
  }
  if (ending_ && by_pid_.empty()) return kLookAgainMs;
  if (!next) return -1;
  const auto left = std::chrono::ceil<Milliseconds>(*next - real_clock().now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

}  // namespace cairn::keeper
