// How the keeper starts a process.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>

#include "runtime/keeper/keeper_loop.h"
#include "runtime/keeper/launch.h"

namespace cairn::keeper {
namespace {

Answer failed(SpawnStage stage, int error) {
  Answer answer;
  answer.failed_at = stage;
  answer.error = error;
  return answer;
}

bool is_marker(const std::string& name) {
  return name == kProjectMarker || name == kRunMarker || name == kStepMarker || name == kProcessMarker;
}

// A file in memory that holds `text`, read from its beginning and not writable; not open when that failed.
FileDescriptor input_with(std::string_view text) {
  const FileDescriptor memory(memfd_create("cairn-input", MFD_CLOEXEC));
  while (memory.open() && !text.empty()) {
    const ssize_t written = write(memory.number(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileDescriptor();
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!memory.open()) return FileDescriptor();
  return FileDescriptor(open(fmt::format("/proc/self/fd/{}", memory.number()).c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

std::vector<std::string> KeeperLoop::environment_for(const SpawnSpec& spec, std::uint64_t number) const {
  std::vector<std::string> environment;
  environment.reserve(spec.environment.size() + 4);
  for (const EnvironmentVariable& variable : spec.environment) {
    if (!is_marker(variable.name)) environment.push_back(variable.name + "=" + variable.value.exposed());
  }
  environment.push_back(fmt::format("{}={}", kProjectMarker, setup_.project));
  environment.push_back(fmt::format("{}={}", kRunMarker, setup_.run));
  environment.push_back(fmt::format("{}={}", kStepMarker, spec.step));
  environment.push_back(fmt::format("{}={}", kProcessMarker, number));
  return environment;
}

std::optional<Answer> KeeperLoop::open_outputs(const SpawnSpec& spec, KeptProcess& process,
                                               FileDescriptor& out, FileDescriptor& err) {
  if (!spec.log_file.empty()) {
    FileDescriptor log(
        open(spec.log_file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!log.open()) return failed(SpawnStage::log_file, errno);
    process.log = LogWriter(std::move(log));
  } else if (spec.tail_bytes == 0) {
    return std::nullopt;  // nobody wants the output
  }
  std::array<FileDescriptor*, 2> writing{&out, &err};
  for (std::size_t i = 0; i < writing.size(); ++i) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return failed(SpawnStage::process, errno);
    FileDescriptor reading_end(ends[0]);
    *writing[i] = FileDescriptor(ends[1]);
    if (fcntl(reading_end.number(), F_SETFL, O_NONBLOCK) != 0) return failed(SpawnStage::process, errno);
    Mask mask = spec.masked.empty() ? Mask() : mask_maker_(spec.masked);
    process.pipes[i] =
        OutputPipe(i == 0 ? Stream::out : Stream::err, std::move(reading_end), std::move(mask));
  }
  return std::nullopt;
}

Answer KeeperLoop::start(const SpawnSpec& spec) {
  if (spec.command.empty()) return failed(SpawnStage::program, ENOENT);
  KeptProcess process;
  process.number = next_process_++;
  if (spec.limits.any()) {
    if (!cgroups_) cgroups_ = Cgroups::find();
    Result<Cgroup> group = cgroups_->make(fmt::format("cairn-{}-{}", self_, process.number), spec.limits);
    if (!group) {
      Answer answer = failed(SpawnStage::limits, EOPNOTSUPP);
      answer.why = group.failure().message;
      return answer;
    }
    process.cgroup = std::move(*group);
  }
  // Whatever goes wrong from here on, a group without a process goes again.
  const auto drop_group = [&] { emptying_groups_.push_back(std::move(process.cgroup)); };
  process.step = spec.step;
  process.stop_signal = spec.stop_signal;
  process.grace = spec.grace;
  process.tail_bytes = spec.tail_bytes;

  FileDescriptor out, err, input;
  if (std::optional<Answer> failure = open_outputs(spec, process, out, err)) {
    drop_group();
    return *failure;
  }
  if (spec.input) {
    input = input_with(spec.input->exposed());
    if (!input.open()) {
      const int error = errno;
      drop_group();
      return failed(SpawnStage::input, error);
    }
  }

  Launch what;
  what.arguments = spec.command;
  what.environment = environment_for(spec, process.number);
  what.working_dir = spec.working_dir;
  what.input = spec.input ? input.number() : null_.number();
  what.output = out.open() ? out.number() : null_.number();
  what.errors = err.open() ? err.number() : null_.number();
  what.limits = setup_.limits;
  for (const FileDescriptor& entry : process.cgroup.entries) what.cgroups.push_back(entry.number());
  what.keeper = self_;

  const Launched launched = launch(what);
  if (launched.pid == 0) {
    records_.failed(process.number, process.step);
    drop_group();
    return failed(launched.failed_at, launched.error);
  }
  process.pid = launched.pid;
  if (const std::optional<ProcessFacts> facts = facts_of(launched.pid))
    records_.started(process.number, process.step, *facts);

  Answer answer;
  answer.process = process.number;
  answer.pid = process.pid;
  by_pid_[process.pid] = process.number;
  processes_.emplace(process.number, std::move(process));
  return answer;
}

}  // namespace cairn::keeper
