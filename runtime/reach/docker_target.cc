#include "runtime/reach/docker_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "runtime/platform/docker/frames.h"
#include "runtime/platform/docker/networks.h"
#include "runtime/reach/relay.h"

namespace cairn::reach {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kExecTail = 2000;
constexpr std::chrono::seconds known_for(1);
constexpr std::size_t kLargestLog = 64u << 20;

// How long a call may take that belongs to an attempt.
Nanoseconds left_of(const Attempt& attempt, Clock& clock) {
  return std::max<Nanoseconds>(attempt.deadline - clock.now(), Milliseconds(1));
}

std::string from_base64(std::string_view text) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned pending = 0;
  int bits = 0;
  for (const char letter : text) {
    const std::size_t value = alphabet.find(letter);
    if (value == std::string_view::npos) break;
    pending = (pending << 6 | static_cast<unsigned>(value)) & 0xFFFF;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(pending >> bits & 0xFF));
  }
  return bytes;
}

// The mode bits of Go's os.FileMode, as X-Docker-Container-Path-Stat has them.
PathIs path_kind(std::uint64_t mode) {
  constexpr std::uint64_t kFolder = std::uint64_t{1} << 31, kSocket = std::uint64_t{1} << 24;
  constexpr std::uint64_t kOther = std::uint64_t{0xF} << 24 | std::uint64_t{1} << 21 | std::uint64_t{1} << 19;
  if ((mode & kFolder) != 0) return PathIs::folder;
  if ((mode & kSocket) != 0) return PathIs::socket;
  return (mode & kOther) != 0 ? PathIs::other : PathIs::file;
}

// "2026-03-04T05:06:07.890123456Z" as nanoseconds since 1970; none for anything else.
std::optional<std::uint64_t> nanoseconds_of(std::string_view stamp) {
  std::tm parts{};
  const std::string text(stamp);
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  std::uint64_t fraction = 0;
  if (*rest == '.') {
    int digits = 0;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest) {
      if (digits++ < 9) fraction = fraction * 10 + static_cast<std::uint64_t>(*rest - '0');
    }
    for (; digits < 9; ++digits) fraction *= 10;
  }
  const std::time_t seconds = timegm(&parts);
  if (*rest != 'Z' || seconds < 0) return std::nullopt;
  return static_cast<std::uint64_t>(seconds) * 1'000'000'000u + fraction;
}

std::string path_of(const std::string& container, std::string_view what) {
  return fmt::format("/containers/{}/{}", docker::percent_encoded(container), what);
}

}  // namespace

Result<docker::ContainerFacts> DockerTarget::inspect(const std::string& container, const Attempt& attempt) {
  Result<std::optional<docker::ContainerFacts>> facts =
      docker::inspect_container(engine_, container, attempt.stop);
  if (!facts) return std::move(facts.failure());
  if (!*facts) return Failure{"its container is gone"};
  return std::move(**facts);
}

Result<std::vector<Endpoint>> DockerTarget::endpoints(int port, const Attempt& attempt) {
  const Instant now = engine_.clock().now();
  const bool broken =
      !known_.empty() && known_.front().through != nullptr && known_.front().through->broken();
  if (port == known_port_ && !known_.empty() && !broken && now - known_at_ < known_for) return known_;
  Result<std::vector<Endpoint>> found = find_endpoints(port, attempt);
  known_ = found ? *found : std::vector<Endpoint>();
  known_port_ = port;
  known_at_ = now;
  return found;
}

Result<std::vector<Endpoint>> DockerTarget::find_endpoints(int port, const Attempt& attempt) {
  Result<docker::ContainerFacts> facts = inspect(place_.container, attempt);
  if (!facts) return std::move(facts.failure());
  if (!facts->running) return Failure{fmt::format("its container is {}", facts->status)};
  // One that lives in the network of another has that one's addresses.
  for (std::string_view mode = facts->network_mode; mode.starts_with("container:");
       mode = facts->network_mode) {
    facts = inspect(std::string(mode.substr(10)), attempt);
    if (!facts) return std::move(facts.failure()).within("the container in whose network it lives");
  }
  if (facts->network_mode == "none") return Failure{"it has no network: its `network_mode` is \"none\""};
  if (facts->network_mode == "host") return on_its_machine(port, attempt);
  if (!engine_.endpoint().elsewhere()) {
    std::vector<Endpoint> endpoints;
    for (const auto& [name, network] : facts->networks)
      if (local_.has(network) && !network.address.empty()) endpoints.push_back({network.address, port});
    if (!endpoints.empty()) return endpoints;
  }
  if (agent_on_) return through_agent(*facts, port, attempt);
  return no_way(port);
}

Failure DockerTarget::no_way(int port) const {
  Failure failure{fmt::format(
      "port {} cannot be reached from here: the networks of the engine at {} are not on this machine", port,
      engine_.endpoint().shown)};
  failure.help = "use `exec`, `log` or `healthy` for its readiness";
  return failure;
}

// Whose machine is it? That of the bridge which every engine has; from there an agent can reach it, too.
Result<std::vector<Endpoint>> DockerTarget::on_its_machine(int port, const Attempt& attempt) {
  const Result<std::optional<docker::NetworkFacts>> bridge =
      docker::inspect_network(engine_, "bridge", attempt.stop);
  if (!bridge) return bridge.failure();
  const bool known = *bridge && !(*bridge)->gateways.empty();
  const std::string gateway = known ? (*bridge)->gateways.front() : std::string();
  const bool ours =
      !engine_.endpoint().elsewhere() && (!known || local_.has({(*bridge)->id, {}, gateway, {}}));
  if (ours) return std::vector<Endpoint>{{"127.0.0.1", port}, {"::1", port}};
  if (!agent_on_) return no_way(port);
  if (!known) return Failure{"the engine has no network `bridge`, from where its machine could be reached"};
  Result<std::shared_ptr<Relay>> relay = agent_on_((*bridge)->id, attempt);
  if (!relay) return std::move(relay.failure());
  return std::vector<Endpoint>{{gateway, port, *relay}};
}

Result<std::vector<Endpoint>> DockerTarget::through_agent(const docker::ContainerFacts& facts, int port,
                                                          const Attempt& attempt) {
  for (const auto& [name, network] : facts.networks) {
    if (network.address.empty()) continue;
    Result<std::shared_ptr<Relay>> relay = agent_on_(network.network_id, attempt);
    if (!relay) return std::move(relay.failure());
    return std::vector<Endpoint>{{network.address, port, *relay}};
  }
  return Failure{"its container has no address"};
}

Result<std::string> DockerTarget::start_exec(const std::vector<std::string>& command,
                                             const Attempt& attempt) {
  const Json body = {{"AttachStdout", true}, {"AttachStderr", true}, {"Cmd", command}};
  docker::Call create{.method = "POST", .path = path_of(place_.container, "exec"), .json = body.dump()};
  create.timeout = left_of(attempt, engine_.clock());
  Result<http::Response> answer = engine_.call(create, attempt.stop);
  if (!answer) return std::move(answer.failure());
  if (answer->status != 201) return docker::refusal("could not run a command", *answer);
  const Result<Json> created = docker::parsed("could not run a command", *answer);
  if (!created) return Failure(created.failure());
  return created->value("Id", "");
}

Result<CommandEnd> DockerTarget::run(const std::vector<std::string>& command, const Attempt& attempt) {
  Result<std::string> exec = start_exec(command, attempt);
  if (!exec) return std::move(exec.failure());
  const std::string path = fmt::format("/exec/{}", docker::percent_encoded(*exec));
  docker::Call start{.method = "POST", .path = path + "/start", .json = R"({"Detach":false,"Tty":false})"};
  start.timeout = std::nullopt;
  Result<std::unique_ptr<http::Stream>> stream = engine_.open(start, attempt.stop);
  if (!stream) return std::move(stream.failure());

  CommandEnd end;
  docker::FrameSplitter frames(false);
  for (;;) {
    const Result<std::string> piece = (*stream)->read(attempt.stop, attempt.deadline);
    if (!piece && piece.failure().is == FailureClass::timeout) {
      return Failure{fmt::format("`{}` did not end", command.front())};
    }
    if (!piece) return Failure(piece.failure());
    if (piece->empty()) break;
    frames.feed(*piece);
    while (const std::optional<docker::OutputPiece> output = frames.next()) end.tail += output->bytes;
    if (end.tail.size() > 4 * kExecTail) end.tail.erase(0, end.tail.size() - 2 * kExecTail);
  }
  if ((*stream)->status() >= 400)
    return Failure{fmt::format("could not run `{}`: {}", command.front(), end.tail)};
  end.tail = masked(end.tail);
  if (end.tail.size() > kExecTail) end.tail.erase(0, end.tail.size() - kExecTail);

  docker::Call ask{.path = path + "/json"};
  ask.timeout = left_of(attempt, engine_.clock());
  const Result<http::Response> answer = engine_.call(ask, attempt.stop);
  if (!answer) return Failure(answer.failure());
  if (answer->status != 200) return docker::refusal("could not ask how a command ended", *answer);
  const Result<Json> facts = docker::parsed("could not ask how a command ended", *answer);
  if (!facts) return Failure(facts.failure());
  if (!facts->value("ExitCode", Json()).is_number_integer())
    return Failure{"the engine does not know how it ended"};
  end.exit_code = facts->at("ExitCode").get<int>();
  return end;
}

Result<PathIs> DockerTarget::look_at(const std::string& path, const Attempt& attempt) {
  docker::Call call{
      .method = "HEAD", .path = path_of(place_.container, "archive"), .query = {{"path", path}}};
  call.timeout = left_of(attempt, engine_.clock());
  const Result<http::Response> answer = engine_.call(call, attempt.stop);
  if (!answer) return Failure(answer.failure());
  if (answer->status == 404) return PathIs::missing;
  if (answer->status != 200) return docker::refusal(fmt::format("could not look at `{}`", path), *answer);
  const Json facts = Json::parse(from_base64(answer->header("X-Docker-Container-Path-Stat")), nullptr, false);
  if (!facts.is_object() || !facts.value("mode", Json()).is_number_unsigned()) return PathIs::other;
  return path_kind(facts["mode"].get<std::uint64_t>());
}

// Before the first line of the container's present run, and after the last one of the run before. It is not
// StartedAt: the engine notes that after the process has started, and what it says at once is stamped
// earlier.
std::uint64_t log_begin(const docker::ContainerFacts& facts) {
  constexpr std::uint64_t kNotedLate = 1'000'000'000;  // far more than measured: an engine takes milliseconds
  const std::optional<std::uint64_t> started = nanoseconds_of(facts.started_at);
  const std::optional<std::uint64_t> finished = nanoseconds_of(facts.finished_at);
  if (!started || !finished) return 0;  // it has run once at most
  if (*finished < *started) return *finished;
  return *started - std::min(*started, kNotedLate);
}

Result<LogPiece> DockerTarget::log_after(std::uint64_t from, const Attempt& attempt) {
  Result<docker::ContainerFacts> facts = inspect(place_.container, attempt);
  if (!facts) return std::move(facts.failure());
  LogPiece piece;
  piece.next = std::max(from, log_begin(*facts));
  docker::Call call{.path = path_of(place_.container, "logs")};
  const std::string since = fmt::format("{}.{:09}", piece.next / 1'000'000'000u, piece.next % 1'000'000'000u);
  call.query = {{"stdout", "1"}, {"stderr", "1"}, {"timestamps", "1"}, {"since", since}};
  call.timeout = left_of(attempt, engine_.clock());
  call.max_response = kLargestLog;
  const Result<http::Response> answer = engine_.call(call, attempt.stop);
  if (!answer) return Failure(answer.failure());
  if (answer->status != 200) return docker::refusal("could not read the log", *answer);

  docker::FrameSplitter frames(facts->tty);
  frames.feed(answer->body);
  while (std::optional<docker::OutputPiece> output = frames.next()) {
    std::string_view rest = output->bytes;
    while (!rest.empty()) {
      const std::size_t newline = rest.find('\n');
      std::string_view line = rest.substr(0, newline);
      rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
      const std::size_t blank = line.find(' ');
      const std::optional<std::uint64_t> at = nanoseconds_of(line.substr(0, blank));
      if (at) {
        piece.next = std::max(piece.next, *at + 1);
        line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
      }
      if (line.ends_with('\r')) line.remove_suffix(1);
      piece.lines.push_back({output->from == docker::Output::error, newline == std::string_view::npos,
                             masked(std::string(line))});
    }
  }
  return piece;
}

Result<Health> DockerTarget::health(const Attempt& attempt) {
  Result<docker::ContainerFacts> facts = inspect(place_.container, attempt);
  if (!facts) return std::move(facts.failure());
  Health health;
  health.last_output = masked(facts->last_health_output);
  if (facts->health == "starting") health.is = HealthIs::starting;
  if (facts->health == "healthy") health.is = HealthIs::healthy;
  if (facts->health == "unhealthy") health.is = HealthIs::unhealthy;
  return health;
}

}  // namespace cairn::reach
