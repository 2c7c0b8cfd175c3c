#include "runtime/kinds/container_target.h"

#include <fmt/format.h>

#include "runtime/platform/docker/archive.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/exec.h"
#include "runtime/platform/docker/logs.h"

namespace cairn::kinds {
namespace {

constexpr std::size_t kept_tail = 2000;

}  // namespace

Result<std::vector<reach::Endpoint>> ContainerTarget::endpoints(int port, const reach::Attempt& attempt) {
  const Result<std::optional<docker::ContainerFacts>> facts = docker::inspect_container(engine_, id_, attempt.stop);
  if (!facts) return facts.failure();
  if (!*facts || !(*facts)->running) return Failure{.message = "the container does not run", .causes = {}, .help = {}};
  std::vector<reach::Endpoint> found;
  for (const auto& [name, network] : (*facts)->networks)
    if (!network.address.empty()) found.push_back({network.address, port});
  if ((*facts)->network_mode == "host") found.push_back({"127.0.0.1", port});
  if (found.empty()) return Failure{.message = "the container has no address", .causes = {}, .help = "`exec([…])` looks from inside"};
  return found;
}

Result<reach::CommandEnd> ContainerTarget::run(const std::vector<std::string>& command, const reach::Attempt& attempt) {
  std::string tail;
  const Result<int> code = docker::run_exec(
      engine_, id_, {.command = command},
      [&](const docker::OutputPiece& piece) {
        tail += piece.bytes;
        if (tail.size() > kept_tail) tail.erase(0, tail.size() - kept_tail);
      },
      attempt.stop, attempt.deadline);
  if (!code) return code.failure();
  return reach::CommandEnd{*code, tail};
}

Result<reach::PathIs> ContainerTarget::look_at(const std::string& path, const reach::Attempt& attempt) {
  const Result<std::optional<docker::PathFacts>> facts = docker::stat_path(engine_, id_, path, attempt.stop);
  if (!facts) return facts.failure();
  if (!*facts) return reach::PathIs::missing;
  switch ((*facts)->is) {
    case docker::PathFacts::Is::file: return reach::PathIs::file;
    case docker::PathFacts::Is::folder: return reach::PathIs::folder;
    case docker::PathFacts::Is::socket: return reach::PathIs::socket;
    default: return reach::PathIs::other;
  }
}

Result<reach::LogPiece> ContainerTarget::log_after(std::uint64_t from, const reach::Attempt& attempt) {
  Result<docker::LogStream> stream = docker::LogStream::open(engine_, id_, {.follow = false, .tty = tty_}, attempt.stop);
  if (!stream) return stream.failure();
  // The engine's logs are read anew each time; `from` counts the lines that were given already.
  std::vector<reach::LogPiece::Line> lines;
  std::string open_out, open_err;
  while (true) {
    const Result<std::optional<docker::LogPiece>> piece = stream->next(attempt.stop, attempt.deadline);
    if (!piece) return piece.failure();
    if (!*piece) break;
    const bool err = (*piece)->from != docker::Output::standard;
    std::string& open = err ? open_err : open_out;
    open += (*piece)->bytes;
    for (std::size_t end = open.find('\n'); end != std::string::npos; end = open.find('\n')) {
      lines.push_back({err, false, open.substr(0, end)});
      open.erase(0, end + 1);
    }
  }
  reach::LogPiece fresh;
  fresh.next = lines.size();
  for (std::size_t i = from; i < lines.size(); ++i) fresh.lines.push_back(std::move(lines[i]));
  return fresh;
}

Result<reach::Health> ContainerTarget::health(const reach::Attempt& attempt) {
  const Result<std::optional<docker::ContainerFacts>> facts = docker::inspect_container(engine_, id_, attempt.stop);
  if (!facts) return facts.failure();
  if (!*facts) return Failure{.message = "the container is gone", .causes = {}, .help = {}};
  reach::Health health;
  health.last_output = (*facts)->last_health_output;
  const std::string& said = (*facts)->health;
  health.is = said == "healthy" ? reach::HealthIs::healthy : said == "unhealthy" ? reach::HealthIs::unhealthy : said == "starting" ? reach::HealthIs::starting : reach::HealthIs::unknown;
  return health;
}

}  // namespace cairn::kinds
