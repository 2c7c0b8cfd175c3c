#include "runtime/keeper/sweep.h"

#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>

#include "runtime/effects/clock.h"
#include "runtime/effects/file_descriptor.h"
#include "runtime/keeper/keeper.h"
#include "runtime/keeper/process_facts.h"
#include "runtime/keeper/records.h"

namespace cairn::keeper {
namespace {

constexpr Nanoseconds kSweepKillTakes = std::chrono::seconds(5);
constexpr Nanoseconds kExecTakes = std::chrono::seconds(1);

struct Found {
  pid_t pid = 0;
  FileDescriptor process;  // a pidfd: stands for this process even when its pid is given to another
};

bool is_recorded(const ProcessFacts& facts, const std::vector<RecordedProcess>& records) {
  return std::any_of(records.begin(), records.end(), [&](const RecordedProcess& record) {
    return record.started && record.started->pid == facts.pid &&
           record.started->start_time == facts.start_time && record.boot == boot_id();
  });
}

bool has_markers(const std::string& environment, const SweepFilter& filter) {
  return has_variable(environment, kProjectMarker, filter.project) &&
         (filter.run.empty() || has_variable(environment, kRunMarker, filter.run));
}

bool is_our_users(pid_t pid) {
  struct stat facts {};
  return stat(fmt::format("/proc/{}", pid).c_str(), &facts) == 0 && facts.st_uid == geteuid();
}

std::set<pid_t> caller_and_ancestors() {
  std::set<pid_t> chain;
  for (pid_t pid = getpid(); pid > 0 && chain.insert(pid).second;) {
    const std::optional<ProcessFacts> facts = facts_of(pid);
    pid = facts ? facts->parent : 0;
  }
  return chain;
}

struct Look {
  std::vector<Found> found;
  bool certain = true;  // false: something is in the middle of an exec
};

Look look_once(const SweepFilter& filter) {
  Look look;
  std::vector<RecordedProcess> records;
  if (!filter.run_folder.empty())
    records = read_records(fmt::format("{}/{}", filter.run_folder, kRecordsName));
  const std::set<pid_t> spared = caller_and_ancestors();
  for (const pid_t pid : all_processes()) {
    if (spared.contains(pid) || !is_our_users(pid)) continue;
    // First the descriptor, then the facts: they are of the same process if it still runs after both.
    FileDescriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process.open()) continue;
    const std::optional<ProcessFacts> facts = facts_of(pid);
    if (!facts || !facts->running()) continue;
    if (!is_recorded(*facts, records)) {
      const std::optional<std::string> environment = environment_of(pid);
      look.certain = look.certain && environment.has_value();
      if (!environment || !has_markers(*environment, filter)) continue;
    }
    if (syscall(SYS_pidfd_send_signal, process.number(), 0, nullptr, 0) != 0 && errno == ESRCH) continue;
    look.found.push_back({pid, std::move(process)});
  }
  return look;
}

std::vector<Found> find(const SweepFilter& filter) {
  if (filter.project.empty()) return {};
  const Instant certain_by = real_clock().now() + kExecTakes;
  for (;;) {
    Look look = look_once(filter);
    if (look.certain || real_clock().now() >= certain_by) return std::move(look.found);
    sched_yield();
  }
}

void wait_until_all_ended(const std::vector<Found>& found, Instant deadline) {
  std::vector<pollfd> waiting;
  for (const Found& one : found) waiting.push_back({one.process.number(), POLLIN, 0});
  while (!waiting.empty()) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - real_clock().now()).count();
    if (left <= 0) return;
    if (poll(waiting.data(), waiting.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000))) < 0)
      continue;
    std::erase_if(waiting, [](const pollfd& one) { return one.revents != 0; });
  }
}

}  // namespace

std::vector<pid_t> left_running(const SweepFilter& filter) {
  std::vector<pid_t> pids;
  for (const Found& one : find(filter)) pids.push_back(one.pid);
  return pids;
}

Swept sweep(const SweepFilter& filter, Nanoseconds grace) {
  Swept swept;
  std::set<pid_t> seen;
  const auto signal_all = [&](int signal, std::vector<Swept::LeftBehind>& refused) {
    std::vector<Found> found = find(filter);
    for (const Found& one : found) {
      seen.insert(one.pid);
      if (syscall(SYS_pidfd_send_signal, one.process.number(), signal, nullptr, 0) == 0 || errno == ESRCH)
        continue;
      refused.push_back({one.pid, std::strerror(errno)});
    }
    return found;
  };

  std::vector<Swept::LeftBehind> refused;
  wait_until_all_ended(signal_all(SIGTERM, refused), real_clock().now() + grace);
  // What is killed may have started something just before: look again until there is nothing.
  const Instant give_up_at = real_clock().now() + kSweepKillTakes;
  for (;;) {
    refused.clear();
    const std::vector<Found> found = signal_all(SIGKILL, refused);
    if (found.empty()) break;
    if (refused.size() == found.size() || real_clock().now() >= give_up_at) {
      swept.left = refused;
      for (const Found& one : found) {
        const bool told =
            std::any_of(refused.begin(), refused.end(), [&](const auto& r) { return r.pid == one.pid; });
        if (!told) swept.left.push_back({one.pid, "it does not end, not even by SIGKILL"});
      }
      break;
    }
    wait_until_all_ended(found, give_up_at);
  }
  for (const Swept::LeftBehind& left : swept.left) seen.erase(left.pid);
  swept.ended.assign(seen.begin(), seen.end());
  return swept;
}

}  // namespace cairn::keeper
