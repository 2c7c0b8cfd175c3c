#include "runtime/reach/probes/http.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/reach/dial.h"
#include "runtime/reach/relay.h"

namespace cairn::reach {
namespace {

constexpr std::size_t kLargestBody = 16 << 20;

bool status_is_good(const HttpProbe& probe, int status) {
  if (probe.status.empty()) return status >= 200 && status < 400;
  return std::find(probe.status.begin(), probe.status.end(), status) != probe.status.end();
}

Seen ask(const HttpProbe& probe, const Endpoint& endpoint, http::HttpClient& client, Clock& clock,
         const Attempt& attempt) {
  http::Request request;
  if (endpoint.through != nullptr) {
    // Asked first, because a relay's own socket says nothing about whether anybody listens over there.
    if (const Result<Done> there = try_connection(endpoint, attempt); !there)
      return {false, fmt::format("{}: {}", shown(endpoint), there.failure().message)};
    const Result<std::string> socket = endpoint.through->socket_to(endpoint);
    if (!socket) return {false, socket.failure().message};
    request.unix_socket = *socket;
  }
  request.url = fmt::format("{}://{}{}{}", probe.https ? "https" : "http", shown(endpoint),
                            probe.path.starts_with('/') ? "" : "/", probe.path);
  request.tls = probe.tls;
  request.headers = probe.headers;
  request.max_response = kLargestBody;
  request.timeout = std::max<Nanoseconds>(attempt.deadline - clock.now(), Milliseconds(1));
  const Result<http::Response> response = client.send(request, attempt.stop);
  if (!response) {
    const Failure& failure = response.failure();
    return {false, failure.causes.empty() ? failure.message : failure.causes.back()};
  }
  if (!status_is_good(probe, response->status)) return {false, fmt::format("answered {}", response->status)};
  if (response->body.find(probe.contains) == std::string::npos) {
    return {false, fmt::format("answered {}, without `{}`", response->status, probe.contains)};
  }
  return {true, fmt::format("answered {}", response->status)};
}

}  // namespace

Look http_look(HttpProbe probe, ProbeTarget& target, http::HttpClient& client, Clock& clock) {
  return [probe = std::move(probe), &target, &client, &clock](const Attempt& attempt) {
    Result<std::vector<Endpoint>> endpoints = std::vector<Endpoint>{{probe.host, probe.port}};
    if (probe.host.empty()) endpoints = target.endpoints(probe.port, attempt);
    if (!endpoints) return Seen{false, endpoints.failure().message};
    Seen seen{false, fmt::format("port {} has no address", probe.port)};
    for (const Endpoint& endpoint : *endpoints) {
      seen = ask(probe, endpoint, client, clock, attempt);
      if (seen.good) break;
    }
    return seen;
  };
}

}  // namespace cairn::reach
