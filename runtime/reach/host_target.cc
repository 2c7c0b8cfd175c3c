#include "runtime/reach/host_target.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "runtime/effects/file_descriptor.h"
#include "runtime/keeper/log_reader.h"

namespace cairn::reach {
namespace {

constexpr std::size_t kHostTail = 2000;
constexpr std::size_t kReadAtOnce = 4 << 20;

}  // namespace

Result<std::vector<Endpoint>> HostTarget::endpoints(int port, const Attempt&) {
  return std::vector<Endpoint>{{"127.0.0.1", port}, {"::1", port}};
}

Result<CommandEnd> HostTarget::run(const std::vector<std::string>& command, const Attempt& attempt) {
  keeper::SpawnSpec spec;
  spec.step = place_.name;
  spec.command = command;
  spec.environment = place_.environment;
  spec.working_dir = place_.working_dir;
  spec.masked = place_.masked;
  spec.tail_bytes = kHostTail;
  spec.grace = Nanoseconds::zero();
  const Result<keeper::Process> process = spawner_.spawn(spec);
  if (!process) return Failure(process.failure());
  const Result<keeper::Exit> exit = spawner_.wait(*process, attempt.stop, attempt.deadline);
  if (exit) return CommandEnd{exit->shell_code(), exit->tail};
  Failure failure = exit.failure();
  if (const Result<Done> killed = spawner_.kill_tree(*process); !killed) return Failure(killed.failure());
  if (failure.is == FailureClass::timeout) failure.message = fmt::format("`{}` did not end", command.front());
  return failure;
}

Result<PathIs> HostTarget::look_at(const std::string& path, const Attempt&) {
  const std::string absolute = path.starts_with('/') ? path : place_.working_dir + "/" + path;
  struct stat facts {};
  if (stat(absolute.c_str(), &facts) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return PathIs::missing;
    return Failure{fmt::format("`{}`: {}", absolute, std::strerror(errno))};
  }
  if (S_ISSOCK(facts.st_mode)) return PathIs::socket;
  if (S_ISDIR(facts.st_mode)) return PathIs::folder;
  return S_ISREG(facts.st_mode) ? PathIs::file : PathIs::other;
}

Result<LogPiece> HostTarget::log_after(std::uint64_t from, const Attempt&) {
  const std::uint64_t begin = place_.log_begins_at + from;
  keeper::LogReader log(place_.log_file, begin);
  LogPiece piece;
  const Result<Done> read = log.read_to(begin + kReadAtOnce, [&](const keeper::LogLineView& line) {
    if (line.from == keeper::Stream::tool) return;
    piece.lines.push_back({line.from == keeper::Stream::err, line.goes_on, std::string(line.text)});
  });
  if (!read) return read.failure();
  piece.next = log.at() - place_.log_begins_at;
  return piece;
}

Result<Health> HostTarget::health(const Attempt&) {
  return Health{};
}

}  // namespace cairn::reach
