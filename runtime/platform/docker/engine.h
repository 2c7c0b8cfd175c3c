// A Docker engine as everything else here sees it: one endpoint, one negotiated version of its API, calls
// that block.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/http/client.h"
#include "runtime/platform/docker/endpoint.h"

namespace cairn::docker {

// A version of the engine's API: 1.41 is {1, 41}.
struct ApiVersion {
  int major = 0, minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
  std::string text() const;
};
inline constexpr ApiVersion oldest_api = {1, 41};  // the floor
inline constexpr ApiVersion newest_api = {1, 56};  // the newest that the conformance tests have run against

struct Parameter {
  std::string name, value;
};
using Query = std::vector<Parameter>;

// One call. `path` begins behind the version: "/containers/json".
struct Call {
  std::string method = "GET";
  std::string path = {};
  Query query = {};
  std::string json = {};  // the body, as JSON; empty: none
  std::vector<http::Header> headers = {};
  std::string body_file = {};                     // instead: a file's content
  std::function<std::string()> body_source = {};  // instead: see http::Request
  std::optional<Nanoseconds> timeout = std::chrono::seconds(60);
  std::size_t max_response = 64u << 20;
};

class Engine {
 public:
  // `fixed_version`: DOCKER_API_VERSION, "1.44"; empty: negotiated with the first call. `before_change` is
  // called once, when the engine has answered and is to be asked for a first change, which is not sent when
  // it fails. `client` and `clock` must live longer.
  Engine(http::HttpClient& client, Clock& clock, Endpoint endpoint, std::string fixed_version = "",
         std::function<Result<Done>()> before_change = {});

  const Endpoint& endpoint() const { return endpoint_; }
  Clock& clock() { return clock_; }
  http::HttpClient& client() { return client_; }

  // Asks once; then answers from memory.
  Result<ApiVersion> version(std::stop_token stop);

  // Any status is an answer. A Failure is of class endpoint (or timeout, cancelled) and says what to do about
  // an engine that cannot be reached. An engine that finds our version too new is asked again with its own.
  Result<http::Response> call(const Call& call, std::stop_token stop);
  Result<std::unique_ptr<http::Stream>> open(const Call& call, std::stop_token stop);
  // Attach and exec with an input: the connection becomes the caller's (http::HttpClient::upgrade).
  Result<http::Upgraded> upgrade(const Call& call, std::stop_token stop);

 private:
  Result<http::Request> request_of(const Call& call, std::stop_token stop);
  bool learn_version(int status, std::string_view offered);
  Failure explained(Failure failure) const;

  http::HttpClient& client_;
  Clock& clock_;
  Endpoint endpoint_;
  bool fixed_ = false;
  std::mutex change_mutex_;
  std::function<Result<Done>()> before_change_;  // until it has succeeded
  std::mutex mutex_;
  ApiVersion version_;  // {0, 0}: not known yet
};

// What an engine said no to, as a Failure: `what` ("could not start `db`") with the engine's own words as the
// cause, and help where the words are known.
Failure refusal(std::string what, int status, std::string_view body);
Failure refusal(std::string what, const http::Response& response);

// The "message" of an error's body, or the body itself.
std::string message_in(std::string_view body);

// The body as JSON, or a Failure that says that the engine answered nonsense.
Result<nlohmann::json> parsed(const std::string& what, const http::Response& response);

// For paths and queries (RFC 3986).
std::string percent_encoded(std::string_view text);

// The `filters` parameter for {"label": […]}.
std::string label_filter(const std::vector<std::string>& labels);

}  // namespace cairn::docker
