#include "runtime/keeper/launch.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace cairn::keeper {
namespace {

// What the child reads, and where it leaves why it failed: both share one memory until exec.
struct Shared {
  const Launch* launch;
  char* const* arguments;
  char* const* environment;
  const char* const* programs;  // candidates, ended by a null pointer
  pid_t keeper;
  volatile int failed_at;
  volatile int error;
};

[[noreturn]] void fail(Shared* shared, SpawnStage stage, int error) {
  shared->failed_at = static_cast<int>(stage);
  shared->error = error;
  _exit(127);
}

[[noreturn]] void become(Shared* shared) {
  const Launch& launch = *shared->launch;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != shared->keeper) _exit(127);  // the keeper died before the line above
  setsid();
  for (const int group : launch.cgroups)
    if (write(group, "0", 1) != 1) fail(shared, SpawnStage::limits, errno);
  for (const OriginalLimit& limit : launch.limits) {
    const rlimit to{limit.soft, limit.hard};
    setrlimit(static_cast<__rlimit_resource_t>(limit.resource),
              &to);  // best effort: a hard limit may be lower now
  }
  if (chdir(launch.working_dir.c_str()) != 0) fail(shared, SpawnStage::working_dir, errno);
  if (dup2(launch.input, 0) < 0 || dup2(launch.output, 1) < 0 || dup2(launch.errors, 2) < 0) {
    fail(shared, SpawnStage::process, errno);
  }
  close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  int error = ENOENT;
  for (const char* const* program = shared->programs; *program != nullptr; ++program) {
    execve(*program, shared->arguments, shared->environment);
    // As execvp(3): look further, but if nothing else is found, "permission denied" says more.
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) fail(shared, SpawnStage::program, errno);
    if (errno == EACCES) error = EACCES;
  }
  fail(shared, SpawnStage::program, error);
}

int run_child(void* shared) {
  become(static_cast<Shared*>(shared));
}

// As vfork(2), but on a stack of its own, so that nothing of the caller's frame can be overwritten: the
// keeper stands still until the child has become another program or has ended.
pid_t fork_into(Shared* shared) {
  constexpr std::size_t kStack = 256 << 10;
  alignas(64) static std::array<char, kStack> stack;  // one at a time: the keeper has one thread
  return clone(&run_child, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, shared);
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> candidates(const Launch& launch) {
  const std::string& program = launch.arguments.front();
  if (program.find('/') != std::string::npos) return {program};
  std::string_view path = "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& variable : launch.environment) {
    if (variable.starts_with("PATH=")) path = std::string_view(variable).substr(5);
  }
  std::vector<std::string> found;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string_view folder = path.substr(0, end);
    if (!folder.empty()) found.push_back(std::string(folder) + "/" + program);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return found;
}

}  // namespace

Launched launch(const Launch& launch) {
  const std::vector<std::string> programs = candidates(launch);
  const std::vector<char*> arguments = pointers_to(launch.arguments);
  const std::vector<char*> environment = pointers_to(launch.environment);
  const std::vector<char*> program_pointers = pointers_to(programs);
  Shared shared{&launch, arguments.data(), environment.data(), program_pointers.data(), launch.keeper, 0, 0};
  const pid_t pid = fork_into(&shared);
  if (pid < 0) return {0, SpawnStage::process, errno};
  // A child that failed is a zombie by now; the keeper's next wait takes it away.
  if (shared.failed_at != 0) return {0, static_cast<SpawnStage>(shared.failed_at), shared.error};
  return {pid, SpawnStage::none, 0};
}

}  // namespace cairn::keeper
