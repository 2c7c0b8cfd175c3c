#include "tests/sim/engine/engine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

#include "tests/sim/engine/archive.h"
#include "tests/sim/engine/containers.h"
#include "tests/sim/engine/events.h"
#include "tests/sim/engine/exec.h"
#include "tests/sim/engine/images.h"
#include "tests/sim/engine/logs.h"
#include "tests/sim/engine/networks.h"
#include "tests/sim/engine/volumes.h"

namespace cairn::sim {
namespace {

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      result += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

// All of what a request sends. Called by the thread that waits, without a lock.
std::string body_of(const http::Request& request) {
  if (request.body_source) {
    std::string body;
    for (std::string piece; !(piece = request.body_source()).empty();) body += piece;
    return body;
  }
  if (request.body_file.empty()) return request.body;
  std::ifstream file(request.body_file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Asked taken_apart(const std::string& method, std::string_view path_and_query) {
  Asked asked;
  asked.method = method;
  const std::size_t mark = path_and_query.find('?');
  std::string_view path = path_and_query.substr(0, mark);
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t slash = path.find('/');
    asked.path.push_back(decoded(path.substr(0, slash)));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
  }
  std::string_view query = mark == std::string_view::npos ? "" : path_and_query.substr(mark + 1);
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    const std::string name = decoded(one.substr(0, equals));
    const std::string value = equals == std::string_view::npos ? "" : decoded(one.substr(equals + 1));
    if (name == "changes") asked.changes.push_back(value);
    asked.query[name] = value;
  }
  return asked;
}

Failure cancelled() {
  return {.message = "cancelled", .is = FailureClass::cancelled};
}

}  // namespace

class SimEngine::AnswerStream final : public http::Stream {
 public:
  AnswerStream(SimEngine& engine, Reply reply) : engine_(engine), reply_(std::move(reply)) {
    if (reply_.stream != nullptr) return;
    reply_.stream = std::make_shared<Pipe>();
    reply_.stream->write(std::move(reply_.body));
    reply_.stream->end();
  }
  int status() const override { return reply_.status; }
  const std::vector<http::Header>& headers() const override { return reply_.headers; }
  Result<std::string> read(std::stop_token stop, std::optional<Instant> deadline) override {
    return engine_.read(*reply_.stream, std::move(stop), deadline);
  }

 private:
  SimEngine& engine_;
  Reply reply_;
};

SimEngine::SimEngine(Clock& clock, EngineOptions options) : clock_(clock), state_(std::move(options)) {
  state_.now = clock_.now();
  make_predefined_networks(state_);
}

SimEngine::~SimEngine() = default;

Instant SimEngine::next_due() {
  const std::lock_guard lock(mutex_);
  return state_.schedule.empty() ? Instant::max() : state_.schedule.begin()->first;
}

void SimEngine::advance(Instant now) {
  const std::lock_guard lock(mutex_);
  step_to(now);
}

void SimEngine::step_to(Instant now) {
  while (!state_.schedule.empty() && state_.schedule.begin()->first <= now) {
    const auto first = state_.schedule.begin();
    state_.now = std::max(state_.now, first->first);
    const std::function<void()> what = std::move(first->second);
    state_.schedule.erase(first);
    what();
  }
  state_.now = std::max(state_.now, now);
}

Reply SimEngine::answer(const http::Request& request) {
  return handle(request, body_of(request));
}

Reply SimEngine::handle(const http::Request& request, std::string body) {
  Reply reply;
  {
    const std::lock_guard lock(mutex_);
    step_to(clock_.now());
    const std::size_t host = request.url.find("//");
    const std::size_t path = request.url.find('/', host == std::string::npos ? 0 : host + 2);
    if (request.unix_socket.empty()) return ask_container(request);
    std::string_view rest = path == std::string::npos ? "/" : std::string_view(request.url).substr(path);
    int minor = state_.options.api_minor;
    if (rest.starts_with("/v1.")) {
      minor = std::atoi(std::string(rest.substr(4)).c_str());
      rest.remove_prefix(std::min(rest.size(), rest.find('/', 1)));
    }
    if (minor > state_.options.api_minor) {
      reply =
          refused(400, fmt::format("client version 1.{} is too new. Maximum supported API version is 1.{}",
                                   minor, state_.options.api_minor));
    } else {
      Asked asked = taken_apart(request.method, rest);
      asked.body = std::move(body);
      reply = route(asked);
    }
    reply.headers.push_back({"Api-Version", fmt::format("1.{}", state_.options.api_minor)});
    if (reply.stream != nullptr) {
      std::erase_if(open_, [](const std::weak_ptr<Pipe>& each) { return each.expired(); });
      open_.push_back(reply.stream);
    }
    if (request.method == "HEAD") reply.body.clear();
  }
  if (sooner_) sooner_();
  return reply;
}

Reply SimEngine::route(const Asked& asked) {
  const auto is = [&](const char* method, std::initializer_list<const char*> path) {
    return asked.method == method &&
           std::equal(
               path.begin(), path.end(), asked.path.begin(), asked.path.end(),
               [](const char* want, const std::string& have) { return want == nullptr || want == have; });
  };
  const char* const any = nullptr;
  const std::string second = asked.path.size() > 1 ? asked.path[1] : "";
  if (is("GET", {"_ping"}) || is("HEAD", {"_ping"})) return {200, "OK", {}, {}};
  if (is("GET", {"info"}))
    return answered(200, {{"ID", "SIMU"},
                          {"Name", "simulated"},
                          {"ServerVersion", "20.10.24"},
                          {"Driver", "overlay2"},
                          {"OperatingSystem", "a simulation"},
                          {"Architecture", "x86_64"},
                          {"NCPU", 2},
                          {"MemTotal", 4'000'000'000},
                          {"DriverStatus", Json::array()},
                          {"Swarm", {{"LocalNodeState", "inactive"}, {"ControlAvailable", false}}}});
  if (is("GET", {"events"})) return follow_events(state_, asked);
  if (is("POST", {"containers", "create"})) return create_container(state_, asked);
  if (is("GET", {"containers", "json"})) return list_containers(state_, asked);
  if (asked.path.size() >= 2 && asked.path[0] == "containers") {
    Container* container = find_container(state_, second);
    if (container == nullptr) return refused(404, "No such container: " + second);
    return route_container(*container, asked);
  }
  if (is("POST", {"exec", any, "start"})) return start_exec(state_, second);
  if (is("GET", {"exec", any, "json"})) return inspect_exec(state_, second);
  if (is("POST", {"networks", "create"})) return create_network(state_, asked);
  if (is("GET", {"networks"})) return list_networks(state_, asked);
  if (asked.path.size() >= 2 && asked.path[0] == "networks") {
    Network* network = find_network(state_, second);
    if (network == nullptr) return refused(404, fmt::format("network {} not found", second));
    if (is("GET", {"networks", any})) return inspect_network(state_, *network);
    if (state_.options.on_change)
      state_.options.on_change(asked.method, "network " + network->name, network->labels, network->name);
    if (is("DELETE", {"networks", any})) return remove_network(state_, *network);
    if (is("POST", {"networks", any, "connect"})) return sim::connect(state_, *network, asked);
    if (is("POST", {"networks", any, "disconnect"})) return disconnect(state_, *network, asked);
  }
  if (is("POST", {"volumes", "create"})) return create_volume(state_, asked);
  if (is("GET", {"volumes"})) return list_volumes(state_, asked);
  if (is("GET", {"volumes", any})) return inspect_volume(state_, second);
  if (is("DELETE", {"volumes", any})) {
    if (const auto found = state_.volumes.find(second);
        found != state_.volumes.end() && state_.options.on_change)
      state_.options.on_change(asked.method, "volume " + second, found->second.labels, second);
    return remove_volume(state_, second);
  }
  if (is("POST", {"commit"})) return commit(state_, asked);
  if (!asked.path.empty() && asked.path[0] == "images") return route_image(asked);
  return refused(404, fmt::format("{} is not simulated", fmt::join(asked.path, "/")));
}

Reply SimEngine::route_container(Container& container, const Asked& asked) {
  const std::string what = asked.path.size() > 2 ? asked.path[2] : "";
  if (asked.method == "GET" && what == "json") return inspect_container(state_, container);
  if (asked.method == "GET" && what == "logs") return read_log(state_, container, asked);
  if (asked.method == "POST" && what == "wait") return await_container(state_, container, asked);
  if (what == "archive" && asked.method == "HEAD") return stat_archive(state_, container, asked);
  if (what == "archive" && asked.method == "GET") return get_archive(state_, container, asked);
  if (state_.options.on_change)
    state_.options.on_change(asked.method, "container " + container.name + " " + what,
                             labels_in(container.config.value("Labels", Json::object())), container.name);
  if (what == "archive" && asked.method == "PUT") return put_archive(state_, container, asked);
  if (asked.method == "POST" && what == "start") return start_container(state_, container);
  if (asked.method == "POST" && what == "kill")
    return signal_container(state_, container, asked.of("signal"));
  if (asked.method == "POST" && what == "exec") return make_exec(state_, container, asked);
  if (asked.method == "DELETE" && what.empty()) return remove_container(state_, container, asked);
  return refused(404, what + " is not simulated");
}

Reply SimEngine::route_image(const Asked& asked) {
  if (asked.method == "POST" && asked.path.size() == 2 && asked.path[1] == "create")
    return pull_image(state_, asked);
  // Slashes of an image's name are slashes of the path.
  const std::string last = asked.path.back();
  const bool has_verb = (asked.method == "GET" && last == "json") ||
                        (asked.method == "POST" && (last == "tag" || last == "push"));
  const std::string reference =
      fmt::format("{}", fmt::join(asked.path.begin() + 1, asked.path.end() - (has_verb ? 1 : 0), "/"));
  if (asked.method == "GET" && has_verb) return inspect_image(state_, reference);
  if (asked.method == "POST" && last == "tag") return tag_image(state_, reference, asked);
  if (asked.method == "POST" && last == "push") return push_image(state_, reference, asked);
  if (asked.method == "DELETE") return remove_image(state_, reference, asked);
  return refused(404, "images/" + reference + " is not simulated");
}

Container* SimEngine::at_address(const std::string& host, int port) {
  for (auto& [id, container] : state_.containers) {
    if (!container->running()) continue;
    if (host == "127.0.0.1" || host == "localhost") {
      for (const auto& [inner, outer] : container->published)
        if (outer == port && container->listens.contains(inner)) return container.get();
      continue;
    }
    for (const auto& [name, endpoint] : container->endpoints)
      if (endpoint.address == host && container->listens.contains(port)) return container.get();
  }
  return nullptr;
}

// Plain HTTP to whoever listens: a web server that has every path.
Reply SimEngine::ask_container(const http::Request& request) {
  const std::size_t host = request.url.find("//") + 2;
  const std::string_view place =
      std::string_view(request.url).substr(host, request.url.find('/', host) - host);
  const std::size_t colon = place.rfind(':');
  const int port =
      colon == std::string_view::npos ? 80 : std::atoi(std::string(place.substr(colon + 1)).c_str());
  if (at_address(std::string(place.substr(0, colon)), port) == nullptr)
    return {0, "connection refused", {}, {}};
  return {200, "it works\n", {}, {}};
}

Result<http::Response> SimEngine::send(const http::Request& request, std::stop_token stop) {
  if (stop.stop_requested()) return cancelled();
  Reply reply = handle(request, body_of(request));
  if (reply.status == 0) {
    Failure refused{.message = "could not connect", .causes = {reply.body}, .is = FailureClass::endpoint};
    refused.nothing_done = true;
    return refused;
  }
  http::Response response{reply.status, std::move(reply.headers), std::move(reply.body)};
  if (reply.stream == nullptr) return response;
  const std::optional<Instant> deadline =
      request.timeout ? std::optional<Instant>(clock_.now() + *request.timeout) : std::nullopt;
  for (;;) {
    Result<std::string> piece = read(*reply.stream, stop, deadline);
    if (!piece) return piece.failure();
    if (piece->empty()) return response;
    response.body += *piece;
  }
}

Result<std::unique_ptr<http::Stream>> SimEngine::open(const http::Request& request, std::stop_token stop) {
  if (stop.stop_requested()) return cancelled();
  return std::unique_ptr<http::Stream>(
      std::make_unique<AnswerStream>(*this, handle(request, body_of(request))));
}

Result<std::string> SimEngine::read(Pipe& pipe, std::stop_token stop, std::optional<Instant> deadline) {
  for (;;) {
    std::stop_source wake;
    {
      const std::lock_guard lock(mutex_);
      step_to(clock_.now());
      if (!pipe.waiting.empty()) {
        std::string bytes = std::move(pipe.waiting.front());
        pipe.waiting.pop_front();
        // What lies there comes together, up to a size that a network would give.
        while (!pipe.waiting.empty() && bytes.size() < 16'384) {
          bytes += pipe.waiting.front();
          pipe.waiting.pop_front();
        }
        return bytes;
      }
      if (pipe.cut)
        return Failure{.message = "the connection broke", .causes = {}, .is = FailureClass::endpoint};
      if (pipe.ended) return std::string();
      pipe.wake = wake;
    }
    if (stop.stop_requested()) return cancelled();
    if (deadline && clock_.now() >= *deadline)
      return Failure{.message = "no answer in time", .is = FailureClass::timeout};
    const std::stop_callback when_stopped(stop, [&wake] { wake.request_stop(); });
    clock_.sleep_until(deadline.value_or(Instant::max()), wake.get_token());
  }
}

Result<Done> SimEngine::connect(const reach::Endpoint& endpoint, const reach::Attempt&) {
  const std::lock_guard lock(mutex_);
  step_to(clock_.now());
  if (at_address(endpoint.host, endpoint.port) == nullptr) return Failure{"connection refused"};
  return Done{};
}

std::vector<reach::LocalAddress> SimEngine::our_addresses() {
  const std::lock_guard lock(mutex_);
  std::vector<reach::LocalAddress> addresses = {{"127.0.0.1", "lo"}};
  for (int subnet = 17; subnet < 256; ++subnet) addresses.push_back({fmt::format("172.{}.0.1", subnet), "docker"});
  return addresses;
}

void SimEngine::cut_connections() {
  const std::lock_guard lock(mutex_);
  for (const std::weak_ptr<Pipe>& each : open_)
    if (const std::shared_ptr<Pipe> pipe = each.lock()) pipe->tear();
  open_.clear();
  state_.subscribers.clear();
}

void SimEngine::restart() {
  cut_connections();
  {
    const std::lock_guard lock(mutex_);
    step_to(clock_.now());
    for (auto& [id, container] : state_.containers) {
      container->waiters.clear();
      container->log_followers.clear();
      kill_container(state_, *container, 255);
    }
  }
  if (sooner_) sooner_();
}

bool SimEngine::kill(const std::string& name, int code) {
  bool killed = false;
  {
    const std::lock_guard lock(mutex_);
    step_to(clock_.now());
    Container* container = find_container(state_, name);
    killed = container != nullptr && container->running();
    if (killed) kill_container(state_, *container, code);
  }
  if (sooner_) sooner_();
  return killed;
}

}  // namespace cairn::sim
