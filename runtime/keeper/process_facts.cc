#include "runtime/keeper/process_facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "runtime/effects/file_descriptor.h"

namespace cairn::keeper {
namespace {

std::string read_file(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!file.open()) return text;
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t got = read(file.number(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

// One that the kernel gives whole at the first read.
std::string read_short_file(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> text;
  const ssize_t got = file.open() ? read(file.number(), text.data(), text.size()) : -1;
  return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::optional<pid_t> as_pid(std::string_view name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size() || pid <= 0) return std::nullopt;
  return pid;
}

std::vector<pid_t> numbered_entries(const char* folder) {
  std::vector<pid_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder), &closedir);
  if (!entries) return pids;
  while (const dirent* entry = readdir(entries.get())) {
    if (const std::optional<pid_t> pid = as_pid(entry->d_name)) pids.push_back(*pid);
  }
  return pids;
}

// For kernels without /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN).
std::vector<pid_t> children_by_search(pid_t parent) {
  std::vector<pid_t> children;
  for (const pid_t pid : all_processes()) {
    const std::optional<ProcessFacts> facts = facts_of(pid);
    if (facts && facts->parent == parent) children.push_back(pid);
  }
  return children;
}

bool kernel_lists_children() {
  static const bool lists = access("/proc/thread-self/children", R_OK) == 0;
  return lists;
}

}  // namespace

std::optional<ProcessFacts> facts_of(pid_t pid) {
  const std::string text = read_short_file(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = text.rfind(')');  // the program's name may hold anything, parentheses too
  if (name_end == std::string::npos) return std::nullopt;
  ProcessFacts facts;
  facts.pid = pid;
  std::string_view rest = std::string_view(text).substr(name_end + 1);
  const auto next = [&rest]() -> std::string_view {
    const std::size_t begin = rest.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    const std::size_t end = std::min(rest.find(' ', begin), rest.size());
    const std::string_view field = rest.substr(begin, end - begin);
    rest.remove_prefix(end);
    return field;
  };
  const auto number = [&next](auto& into) {
    const std::string_view field = next();
    std::from_chars(field.data(), field.data() + field.size(), into);
  };
  const std::string_view state = next();  // field 3 of proc(5)
  if (state.empty()) return std::nullopt;
  facts.state = state.front();
  number(facts.parent);
  next();  // process group
  number(facts.session);
  next();  // terminal
  next();  // its foreground group
  std::uint64_t flags = 0;
  number(flags);
  constexpr std::uint64_t kKernelThread = 0x00200000;  // PF_KTHREAD of the kernel's sched.h
  facts.kernel_thread = (flags & kKernelThread) != 0;
  for (int field = 10; field < 22; ++field) next();
  number(facts.start_time);
  return facts;
}

std::vector<pid_t> all_processes() {
  return numbered_entries("/proc");
}

std::vector<pid_t> pids_in(std::string_view list) {
  std::vector<pid_t> pids;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (const std::optional<pid_t> pid = as_pid(list.substr(0, end))) pids.push_back(*pid);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return pids;
}

std::vector<pid_t> children_of(pid_t pid) {
  if (!kernel_lists_children()) return children_by_search(pid);
  std::vector<pid_t> children;
  for (const pid_t thread : numbered_entries(fmt::format("/proc/{}/task", pid).c_str())) {
    const std::vector<pid_t> of_thread =
        pids_in(read_file(fmt::format("/proc/{}/task/{}/children", pid, thread)));
    children.insert(children.end(), of_thread.begin(), of_thread.end());
  }
  return children;
}

std::vector<pid_t> descendants_of(pid_t pid) {
  std::vector<pid_t> found = children_of(pid);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::vector<pid_t> next = children_of(found[i]);
    found.insert(found.end(), next.begin(), next.end());
  }
  return found;
}

std::optional<std::string> environment_of(pid_t pid) {
  const std::string path = fmt::format("/proc/{}/environ", pid);
  std::string environment = read_file(path);
  if (!environment.empty()) return environment;
  const bool forbidden = access(path.c_str(), R_OK) != 0 && errno == EACCES;
  const bool has_program = access(fmt::format("/proc/{}/exe", pid).c_str(), F_OK) == 0;
  if (forbidden) return environment;
  if (!has_program) {
    const std::optional<ProcessFacts> facts = facts_of(pid);
    const bool is_dying = facts && facts->running() && !facts->kernel_thread;
    return is_dying ? std::nullopt : std::optional<std::string>(std::in_place);
  }
  // The kernel sets arguments and environment one after the other, late in an exec.
  const bool has_arguments = !read_file(fmt::format("/proc/{}/cmdline", pid)).empty();
  if (!has_arguments) return std::nullopt;
  return read_file(path);
}

bool has_variable(std::string_view environment, std::string_view name, std::string_view value) {
  while (!environment.empty()) {
    const std::size_t end = std::min(environment.find('\0'), environment.size());
    const std::string_view entry = environment.substr(0, end);
    if (entry.size() == name.size() + 1 + value.size() && entry.starts_with(name) &&
        entry[name.size()] == '=' && entry.ends_with(value)) {
      return true;
    }
    environment.remove_prefix(std::min(end + 1, environment.size()));
  }
  return false;
}

const std::string& boot_id() {
  static const std::string id = [] {
    std::string text = read_file("/proc/sys/kernel/random/boot_id");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }();
  return id;
}

int signal_exactly(const ProcessFacts& process, int signal) {
  // From here on the descriptor stands for one process; if that is the one meant is seen from its start time.
  const FileDescriptor file(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!file.open()) return errno;
  const std::optional<ProcessFacts> now = facts_of(process.pid);
  if (!now || now->start_time != process.start_time) return ESRCH;
  if (syscall(SYS_pidfd_send_signal, file.number(), signal, nullptr, 0) != 0) return errno;
  return 0;
}

}  // namespace cairn::keeper
