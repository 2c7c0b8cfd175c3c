#include "runtime/platform/docker/engine.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cairn::docker {

namespace {

using nlohmann::json;

std::optional<ApiVersion> read_version(std::string_view text) {
  ApiVersion version;
  if (std::sscanf(std::string(text).c_str(), "%d.%d", &version.major, &version.minor) != 2) return {};
  return version;
}

// Words of engines, and what people do about them.
struct Known {
  std::string_view words, help;
};
constexpr Known known_words[] = {
    {"no such image", "is it built or pulled before? `pull_policy = \"missing\"` pulls it"},
    {"no basic auth credentials",
     "log in with `docker login`, or declare a `registry` block with `user` and `password`"},
    {"pull access denied", "is the name right? log in with `docker login` when it is private"},
    {"port is already allocated",
     "something else on that engine uses the port: leave it to cairn (no host port), "
     "or stop the other"},
    {"address already in use",
     "something else on that machine uses the port: leave it to cairn (no host port), or "
     "stop the other"},
    {"no space left on device", "free space on the engine's disk: `docker system df` shows what takes it"},
    {"toomanyrequests", "the registry limits how often it is asked: log in, or use a mirror"},
    {"too many requests", "the registry limits how often it is asked: log in, or use a mirror"},
};

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace

std::string ApiVersion::text() const {
  return fmt::format("{}.{}", major, minor);
}

Engine::Engine(http::HttpClient& client, Clock& clock, Endpoint endpoint, std::string fixed_version,
               std::function<Result<Done>()> before_change)
    : client_(client),
      clock_(clock),
      endpoint_(std::move(endpoint)),
      before_change_(std::move(before_change)) {
  if (const std::optional<ApiVersion> version = read_version(fixed_version)) {
    version_ = *version;
    fixed_ = true;
  }
}

Result<ApiVersion> Engine::version(std::stop_token stop) {
  {
    const std::lock_guard lock(mutex_);
    if (version_ != ApiVersion{}) return version_;
  }
  // Several may ask at once, and learn the same: no lock is held over a call.
  http::Request ping{.method = "HEAD",
                     .url = endpoint_.base_url + "/_ping",
                     .unix_socket = endpoint_.unix_socket,
                     .tls = endpoint_.tls,
                     .timeout = std::chrono::seconds(20)};
  Result<http::Response> answer = client_.send(ping, stop);
  if (answer && answer->status != 200) {
    ping.method = "GET";
    answer = client_.send(ping, stop);
  }
  if (!answer) return explained(answer.failure());
  const std::optional<ApiVersion> theirs = read_version(answer->header("Api-Version"));
  if (answer->status != 200 || !theirs) {
    Failure stranger{.message = fmt::format("what answers at {} is no Docker engine", endpoint_.shown),
                     .causes = {fmt::format("it answered a ping with {}", answer->status)},
                     .is = FailureClass::endpoint,
                     .nothing_done = true};
    if (answer->body.find("HTTP request to an HTTPS server") != answer->body.npos) {
      stranger.message = fmt::format("the engine at {} speaks TLS", endpoint_.shown);
      stranger.help = "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or give the `engine` block its `tls`";
    }
    return stranger;
  }
  if (*theirs < oldest_api) {
    return Failure{
        .message = fmt::format("the engine at {} is too old", endpoint_.shown),
        .causes = {fmt::format("it speaks API {}, cairn {} and newer", theirs->text(), oldest_api.text())},
        .help = "update it to Docker 20.10 or newer",
        .is = FailureClass::endpoint,
        .nothing_done = true};
  }
  const std::lock_guard lock(mutex_);
  version_ = std::min(*theirs, newest_api);
  return version_;
}

Result<http::Request> Engine::request_of(const Call& call, std::stop_token stop) {
  const Result<ApiVersion> spoken = version(stop);
  if (!spoken) return spoken.failure();
  if (call.method != "GET" && call.method != "HEAD") {
    std::lock_guard lock(change_mutex_);
    if (before_change_) {
      if (Result<Done> ready = before_change_(); !ready) return ready.failure();
      before_change_ = {};
    }
  }
  http::Request request{.method = call.method,
                        .url = fmt::format("{}/v{}{}", endpoint_.base_url, spoken->text(), call.path),
                        .unix_socket = endpoint_.unix_socket,
                        .tls = endpoint_.tls,
                        .headers = call.headers,
                        .body = call.json,
                        .body_file = call.body_file,
                        .body_source = call.body_source,
                        .timeout = call.timeout,
                        .max_response = call.max_response};
  char separator = '?';
  for (const Parameter& parameter : call.query) {
    request.url += separator + parameter.name + '=' + percent_encoded(parameter.value);
    separator = '&';
  }
  if (!call.json.empty()) request.headers.push_back({"Content-Type", "application/json"});
  return request;
}

// True: there is a version to try again with.
bool Engine::learn_version(int status, std::string_view offered) {
  if (status != 400 || fixed_) return false;
  const std::optional<ApiVersion> theirs = read_version(offered);
  if (!theirs || *theirs < oldest_api) return false;
  const std::lock_guard lock(mutex_);
  const ApiVersion better = std::min(*theirs, newest_api);
  if (better == version_) return false;
  version_ = better;
  return true;
}

Result<http::Response> Engine::call(const Call& call, std::stop_token stop) {
  for (bool again = true;; again = false) {
    const Result<http::Request> request = request_of(call, stop);
    if (!request) return request.failure();
    Result<http::Response> answer = client_.send(*request, stop);
    if (!answer) return explained(answer.failure());
    if (!again || call.body_source || !learn_version(answer->status, answer->header("Api-Version")))
      return answer;
  }
}

Result<std::unique_ptr<http::Stream>> Engine::open(const Call& call, std::stop_token stop) {
  for (bool again = true;; again = false) {
    const Result<http::Request> request = request_of(call, stop);
    if (!request) return request.failure();
    Result<std::unique_ptr<http::Stream>> stream = client_.open(*request, stop);
    if (!stream) return explained(stream.failure());
    const http::Response head{(*stream)->status(), (*stream)->headers(), {}};
    if (!again || call.body_source || !learn_version(head.status, head.header("Api-Version"))) return stream;
  }
}

Result<http::Upgraded> Engine::upgrade(const Call& call, std::stop_token stop) {
  for (bool again = true;; again = false) {
    const Result<http::Request> request = request_of(call, stop);
    if (!request) return request.failure();
    Result<http::Upgraded> upgraded = client_.upgrade(*request, stop);
    if (!upgraded) return explained(upgraded.failure());
    if (!again || !learn_version(upgraded->answer.status, upgraded->answer.header("Api-Version")))
      return upgraded;
  }
}

Failure Engine::explained(Failure failure) const {
  // An engine that takes a call and does not answer it misbehaves: that is no step that was too slow.
  if (failure.is == FailureClass::timeout) failure.is = FailureClass::endpoint;
  if (failure.is != FailureClass::endpoint || !failure.nothing_done) return failure;
  if (!failure.help.empty()) {
    // It is known already what is wrong.
  } else if (!endpoint_.ssh.empty()) {
    failure.help = "has the connection been cut? `cairn doctor` looks at it";
  } else if (!endpoint_.unix_socket.empty()) {
    struct stat facts = {};
    if (stat(endpoint_.unix_socket.c_str(), &facts) != 0) {
      failure.help = errno == EACCES
                         ? "you may not look into the socket's folder: rootless engines belong to one user"
                         : "start docker (`systemctl start docker`), or set DOCKER_HOST to the engine's "
                           "address";
    } else if (access(endpoint_.unix_socket.c_str(), W_OK) != 0) {
      failure.help =
          "you may not use the socket: add yourself to its group (`usermod -aG docker $USER`, then log in "
          "again)";
    } else {
      failure.help = "the socket is there and nobody listens: start docker (`systemctl start docker`)";
    }
  } else {
    failure.help =
        "is the address right, and does the engine listen there? DOCKER_HOST or the context decides";
  }
  return std::move(failure).within(fmt::format("the Docker engine at {} cannot be reached", endpoint_.shown));
}

std::string message_in(std::string_view body) {
  const json document = json::parse(body, nullptr, false);
  if (document.is_object() && document.contains("message") && document["message"].is_string()) {
    return document["message"].get<std::string>();
  }
  std::string text(body.substr(0, 500));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

Failure refusal(std::string what, int status, std::string_view body) {
  const std::string words = message_in(body);
  Failure failure{.message = std::move(what)};
  failure.causes.push_back(words.empty() ? fmt::format("the engine answered {}", status)
                                         : fmt::format("the engine answered {}: {}", status, words));
  const std::string low = lowered(words);
  for (const Known& known : known_words) {
    if (low.find(known.words) == low.npos) continue;
    failure.help = known.help;
    break;
  }
  // 4xx: looked at and declined. 5xx: may have done a part of it.
  failure.nothing_done = status >= 400 && status < 500;
  return failure;
}

Failure refusal(std::string what, const http::Response& response) {
  return refusal(std::move(what), response.status, response.body);
}

Result<json> parsed(const std::string& what, const http::Response& response) {
  json document = json::parse(response.body, nullptr, false);
  if (!document.is_discarded()) return document;
  return Failure{.message = what,
                 .causes = {fmt::format("the engine's answer ({} bytes) is no JSON", response.body.size())},
                 .is = FailureClass::endpoint};
}

std::string percent_encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

std::string label_filter(const std::vector<std::string>& labels) {
  return json{{"label", labels}}.dump();
}

}  // namespace cairn::docker
