#include "runtime/array/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "runtime/array/signed_token.h"

namespace cairn::array {
namespace {

using nlohmann::json;

constexpr ApiVersion kNewestKnown[] = {{1, 19}, {2, 60}};
constexpr ApiVersion kOldestTwo{2, 2};  // the first of 2.x that takes an API token

std::string origin_of(const std::string& address) {
  std::string origin = address.find("://") == std::string::npos ? "https://" + address : address;
  while (!origin.empty() && origin.back() == '/') origin.pop_back();
  return origin;
}

std::optional<ApiVersion> version_in(std::string_view text) {
  ApiVersion version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.generation);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return {};
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc() || minor.ptr != end) return {};
  return version;
}

std::string text_in(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string cookie_in(const http::Response& response) {
  const std::string_view set = response.header("Set-Cookie");
  return std::string(set.substr(0, set.find(';')));
}

// By the words of http/tls_trouble.cc and http/exchange.cc.
bool is_of_certificate(const Failure& failure) {
  const auto says = [](const std::string& text) {
    return text.find("certificate of ") != std::string::npos ||
           text.find("another certificate") != std::string::npos;
  };
  return says(failure.message) || std::any_of(failure.causes.begin(), failure.causes.end(), says);
}

}  // namespace

bool says(const std::vector<Objection>& objections, std::string_view words) {
  return std::any_of(objections.begin(), objections.end(), [&](const Objection& objection) {
    return objection.message.find(words) != std::string::npos;
  });
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::vector<Objection> objections_in(const std::string& body) {
  const json answer = json::parse(body, nullptr, false);
  std::vector<Objection> objections;
  const auto add = [&](const json& one) {
    if (!one.is_object()) return;
    std::string message = text_in(one, "message");
    if (message.empty()) message = text_in(one, "msg");
    if (message.empty()) message = text_in(one, "error_description");
    if (message.empty()) return;
    std::string context = text_in(one, "context");
    if (context.empty()) context = text_in(one, "ctx");
    objections.push_back({std::move(context), std::move(message)});
  };
  if (answer.is_object() && answer.contains("errors") && answer["errors"].is_array()) {
    for (const json& one : answer["errors"]) add(one);
  } else if (answer.is_array()) {
    for (const json& one : answer) add(one);
  } else {
    add(answer);
  }
  return objections;
}

Session::Session(http::HttpClient& http, Clock& clock, Chance chance, Access access, Patience patience)
    : http_(http),
      clock_(clock),
      chance_(std::move(chance)),
      access_(std::move(access)),
      patience_(patience),
      origin_(origin_of(access_.address)) {}

std::string Session::name() const {
  return "the array at " + access_.address;
}

http::Request Session::request_to(const std::string& path) const {
  http::Request request;
  request.url = origin_ + path;
  request.tls = access_.tls;
  request.timeout = access_.timeout;
  request.max_response = 64u << 20;
  return request;
}

Failure Session::refused(const std::string& why, const http::Response& response) const {
  Failure failure{.message = why, .is = FailureClass::endpoint, .nothing_done = true};
  for (const Objection& objection : objections_in(response.body)) failure.causes.push_back(objection.message);
  if (failure.causes.empty()) failure.causes.push_back(fmt::format("it answered {}", response.status));
  return failure;
}

// One request until it is answered for good. Mutations stop at the first answer or loss that leaves open
// whether they were carried out.
Result<http::Response> Session::send(http::Request request, bool mutation, std::stop_token stop) {
  for (int attempt = 1;; ++attempt) {
    Result<http::Response> response = http_.send(request, stop);
    Setback setback{.attempt = attempt};
    if (!response.ok()) {
      Failure& failure = response.failure();
      if (failure.is == FailureClass::cancelled || (mutation && !failure.nothing_done)) return failure;
    } else {
      setback = setback_of(attempt, *response);
      if (mutation && response->status != 429) return response;
    }
    // A certificate does not become another one.
    const bool unknown_here = !response.ok() && is_of_certificate(response.failure());
    if (unknown_here && access_.tls.fingerprint.empty())
      response.failure().help =
          "pin the array's own with `fingerprint = \"…\"`: `openssl s_client -connect HOST:443 </dev/null | "
          "openssl "
          "x509 -noout -fingerprint -sha256` shows it";
    const std::optional<Nanoseconds> delay =
        unknown_here ? std::nullopt : retry_delay(setback, patience_, chance_());
    if (!delay) {
      if (response.ok()) return response;
      if (response.failure().help.empty())
        response.failure().help = "check `endpoint`, the array's management address, and whether it is up";
      return std::move(response.failure()).within("could not reach " + name());
    }
    if (!clock_.sleep_for(*delay, stop)) {
      return Failure{.message = "stopped while waiting for " + name(),
                     .is = FailureClass::cancelled,
                     .nothing_done = true};
    }
  }
}

Result<ApiVersion> Session::negotiate(std::stop_token stop) {
  const Result<http::Response> response = send(request_to("/api/api_version"), false, stop);
  if (!response.ok()) return response.failure();
  const json answer = json::parse(response->body, nullptr, false);
  if (response->status != 200 || !answer.is_object() || !answer.contains("version") ||
      !answer["version"].is_array()) {
    return Failure{.message = fmt::format("{} does not answer as a FlashArray", name()),
                   .causes = {fmt::format("GET /api/api_version answered {} without a list of versions",
                                          response->status)},
                   .help = "check `endpoint`: it is the array's management address",
                   .is = FailureClass::endpoint,
                   .nothing_done = true};
  }
  const bool only_one = std::holds_alternative<Password>(access_.credentials);
  const bool only_two = std::holds_alternative<SigningKey>(access_.credentials);
  const std::optional<ApiVersion> exact = version_in(access_.api);
  std::optional<ApiVersion> best;
  std::string offered;
  for (const json& item : answer["version"]) {
    const std::string text = item.is_string() ? item.get<std::string>() : std::string();
    offered += offered.empty() ? text : ", " + text;
    const std::optional<ApiVersion> version = version_in(text);
    if (!version || version->generation < 1 || version->generation > 2) continue;
    if (*version > kNewestKnown[version->generation - 1]) continue;
    if (version->generation == 2 && *version < kOldestTwo) continue;
    if ((only_one && version->generation != 1) || (only_two && version->generation != 2)) continue;
    if (exact && *version != *exact) continue;
    if ((access_.api == "1" && version->generation != 1) ||
        (access_.api == "2" && version->generation != 2)) {
      continue;
    }
    if (!best || *version > *best) best = version;
  }
  if (best) return *best;
  return Failure{.message = fmt::format("{} and cairn have no version of the REST API in common", name()),
                 .causes = {fmt::format("it offers {}; asked for {}", offered.empty() ? "none" : offered,
                                        access_.api.empty() ? "1.0 to 1.19 or 2.2 to 2.60" : access_.api)},
                 .help = access_.api.empty() ? "" : "leave `api` out to use the newest that both know",
                 .is = FailureClass::endpoint,
                 .nothing_done = true};
}

Result<std::vector<http::Header>> Session::enter_1(ApiVersion version, std::stop_token stop) {
  const std::string root = "/api/" + version.text() + "/auth/";
  std::string token;
  if (const ApiToken* given = std::get_if<ApiToken>(&access_.credentials)) token = given->token;
  if (const Password* password = std::get_if<Password>(&access_.credentials)) {
    http::Request request = request_to(root + "apitoken");
    request.method = "POST";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = json{{"username", password->user}, {"password", password->password}}.dump();
    const Result<http::Response> response = send(std::move(request), false, stop);
    if (!response.ok()) return response.failure();
    const json answer = json::parse(response->body, nullptr, false);
    if (response->status == 200 && answer.is_object()) token = text_in(answer, "api_token");
    if (token.empty()) {
      return refused(fmt::format("{} refused the password of `{}`", name(), password->user), *response);
    }
  }
  http::Request request = request_to(root + "session");
  request.method = "POST";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = json{{"api_token", token}}.dump();
  const Result<http::Response> response = send(std::move(request), false, stop);
  if (!response.ok()) return response.failure();
  const std::string cookie = cookie_in(*response);
  if (response->status != 200 || cookie.empty()) {
    return refused(fmt::format("{} refused the API token", name()), *response);
  }
  return std::vector<http::Header>{{"Cookie", cookie}};
}

Result<std::vector<http::Header>> Session::enter_2(ApiVersion version, std::stop_token stop) {
  if (const SigningKey* key = std::get_if<SigningKey>(&access_.credentials)) {
    Result<std::string> token = signed_token(*key, clock_.wall_clock_ms() / 1000);
    if (!token.ok()) return token.failure();
    http::Request request = request_to("/oauth2/1.0/token");
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = "grant_type=" + percent_encoded("urn:ietf:params:oauth:grant-type:token-exchange") +
                   "&subject_token_type=" + percent_encoded("urn:ietf:params:oauth:token-type:jwt") +
                   "&subject_token=" + percent_encoded(*token);
    const Result<http::Response> response = send(std::move(request), false, stop);
    if (!response.ok()) return response.failure();
    const json answer = json::parse(response->body, nullptr, false);
    const std::string access = answer.is_object() ? text_in(answer, "access_token") : std::string();
    if (response->status != 200 || access.empty()) {
      Failure failure =
          refused(fmt::format("{} refused the API client `{}`", name(), key->client_id), *response);
      failure.help =
          "the API client has to be enabled on the array, with this issuer and this key's public half";
      return failure;
    }
    return std::vector<http::Header>{{"Authorization", "Bearer " + access}};
  }
  const ApiToken* given = std::get_if<ApiToken>(&access_.credentials);
  http::Request request = request_to("/api/" + version.text() + "/login");
  request.method = "POST";
  request.headers = {{"api-token", given == nullptr ? std::string() : given->token}};
  const Result<http::Response> response = send(std::move(request), false, stop);
  if (!response.ok()) return response.failure();
  const std::string token(response->header("x-auth-token"));
  if (response->status != 200 || token.empty()) {
    Failure failure = refused(fmt::format("{} refused the API token", name()), *response);
    failure.help = "make one with `pureadmin create --api-token` and check that `token` reads it";
    return failure;
  }
  return std::vector<http::Header>{{"x-auth-token", token}};
}

Result<std::vector<http::Header>> Session::enter(ApiVersion version, std::stop_token stop) {
  return version.generation == 1 ? enter_1(version, stop) : enter_2(version, stop);
}

Result<Session::Pass> Session::pass(std::optional<int> expired, std::stop_token stop) {
  std::lock_guard lock(mutex_);
  if (pass_ && pass_->number != expired) return *pass_;
  ApiVersion version;
  if (pass_) {
    version = pass_->version;
  } else {
    Result<ApiVersion> negotiated = negotiate(stop);
    if (!negotiated.ok()) return negotiated.failure();
    version = *negotiated;
  }
  pass_.reset();
  Result<std::vector<http::Header>> headers = enter(version, stop);
  if (!headers.ok()) return headers.failure();
  pass_ = Pass{version, std::move(*headers), ++sign_ins_};
  return *pass_;
}

Result<ApiVersion> Session::sign_in(std::stop_token stop) {
  const Result<Pass> entered = pass({}, stop);
  if (!entered.ok()) return entered.failure();
  return entered->version;
}

Result<Reply> Session::exchange(const Call& call, std::stop_token stop) {
  Result<Pass> entered = pass({}, stop);
  if (!entered.ok()) return entered.failure();
  bool renewed = false, renegotiated = false;
  while (true) {
    http::Request request = request_to("/api/" + entered->version.text() + "/" + call.path);
    request.method = call.method;
    request.headers = entered->headers;
    const std::string request_id = fmt::format("{:08x}{:08x}", static_cast<std::uint32_t>(chance_() * 0x1p32),
                                               static_cast<std::uint32_t>(chance_() * 0x1p32));
    request.headers.push_back({"X-Request-ID", request_id});
    char separator = '?';
    for (const auto& [key, value] : call.query) {
      request.url += separator + percent_encoded(key) + "=" + percent_encoded(value);
      separator = '&';
    }
    if (!call.body.is_null()) {
      request.headers.push_back({"Content-Type", "application/json"});
      request.body = call.body.dump();
    }
    Result<http::Response> response = send(std::move(request), call.mutation(), stop);
    if (!response.ok()) return response.failure();
    if (response->status == 401 && !renewed) {
      renewed = true;
      if (entered = pass(entered->number, stop); !entered.ok()) return entered.failure();
      continue;
    }
    if (response->status == 450 && !renegotiated) {  // the array was upgraded or downgraded under us
      renegotiated = true;
      {
        std::lock_guard lock(mutex_);
        pass_.reset();
      }
      if (entered = pass({}, stop); !entered.ok()) return entered.failure();
      continue;
    }
    Reply reply{.status = response->status, .json = {}, .request_id = request_id};
    if (!reply.ok()) {
      reply.objections = objections_in(response->body);
      if (reply.status == 401 || reply.status == 403) {
        Failure failure = refused(fmt::format("{} does not let this user do that", name()), *response);
        failure.causes.push_back(fmt::format("{} {} (request {})", call.method, call.path, request_id));
        failure.help = "volumes need a user with the role storage_admin or array_admin";
        return failure;
      }
      if (reply.status >= 500 && !call.mutation()) {
        Failure failure = refused(fmt::format("{} answered {}", name(), reply.status), *response);
        failure.causes.push_back(fmt::format("{} {} (request {})", call.method, call.path, request_id));
        return failure;
      }
      if (reply.status == 429) {
        return refused(fmt::format("{} has had too many requests and keeps saying so", name()), *response);
      }
      return reply;
    }
    if (!response->body.empty()) {
      reply.json = json::parse(response->body, nullptr, false);
      if (reply.json.is_discarded()) {
        return Failure{.message = fmt::format("{} gave an answer that is not JSON", name()),
                       .causes = {fmt::format("{} {} (request {})", call.method, call.path, request_id)},
                       .is = FailureClass::endpoint,
                       .nothing_done = !call.mutation()};
      }
      if (entered->version.generation == 1) {
        reply.next_page = response->header("x-next-token");
      } else if (reply.json.is_object() && reply.json.value("more_items_remaining", false)) {
        reply.next_page = text_in(reply.json, "continuation_token");
      }
    }
    return reply;
  }
}

Result<Reply> Session::exchange_pages(Call call, std::stop_token stop) {
  const std::vector<std::pair<std::string, std::string>> query = call.query;
  json items = json::array();
  while (true) {
    Result<Reply> page = exchange(call, stop);
    if (!page.ok() || !page->ok()) return page;
    const json& body = page->json;
    const json& list = body.is_object() && body.contains("items") ? body["items"] : body;
    if (list.is_array()) {
      for (const json& item : list) items.push_back(item);
    } else if (list.is_object()) {
      items.push_back(list);
    }
    if (page->next_page.empty() || list.empty()) {  // 1.x may promise a page after the last
      page->json = std::move(items);
      return page;
    }
    call.query = query;
    call.query.emplace_back(page->json.is_object() ? "continuation_token" : "token", page->next_page);
  }
}

Result<> Session::sign_out(std::stop_token stop) {
  std::optional<Pass> entered;
  {
    std::lock_guard lock(mutex_);
    entered = std::exchange(pass_, std::nullopt);
  }
  if (!entered || std::holds_alternative<SigningKey>(access_.credentials)) return Done{};
  const bool one = entered->version.generation == 1;
  http::Request request = request_to("/api/" + entered->version.text() + (one ? "/auth/session" : "/logout"));
  request.method = one ? "DELETE" : "POST";
  request.headers = entered->headers;
  const Result<http::Response> response = http_.send(request, stop);
  if (!response.ok()) return response.failure();
  return Done{};
}

}  // namespace cairn::array
