// What the kernel says about processes (proc(5)). Everything here may be outdated when it returns: whoever
// acts on it opens a pidfd first and compares start times.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::keeper {

struct ProcessFacts {
  pid_t pid = 0, parent = 0, session = 0;
  char state = '?';  // 'Z': ended, not yet waited for
  bool kernel_thread = false;
  std::uint64_t start_time = 0;  // clock ticks after boot; with the pid and the boot, one process for ever

  bool running() const { return state != 'Z' && state != 'X'; }
};

// None: no such process.
std::optional<ProcessFacts> facts_of(pid_t pid);
std::vector<pid_t> all_processes();
// In a list of the kernel's: "12 345 ".
std::vector<pid_t> pids_in(std::string_view list);
// Children of all of its threads, ended ones included.
std::vector<pid_t> children_of(pid_t pid);
// Children, their children and so on; parents first.
std::vector<pid_t> descendants_of(pid_t pid);
// Empty if the process is gone, is another user's or has no environment; entries end in '\0'. None: it cannot
// be told now, because the process is in the middle of an exec or of its end. Whoever took that for "has no
// marker" would let a process of ours get away; look again.
std::optional<std::string> environment_of(pid_t pid);
// Whether an environment has the entry `name=value`.
bool has_variable(std::string_view environment, std::string_view name, std::string_view value);
const std::string& boot_id();

// Signals exactly the process that had this start time, never one that took its pid later. Returns 0 or the
// errno; ESRCH when it is gone.
int signal_exactly(const ProcessFacts& process, int signal);

}  // namespace cairn::keeper
