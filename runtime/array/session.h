// Signed-in exchanges with one array: negotiates the version, signs in, signs in again when the session has
// ended, waits out 429 and 5xx. Knows nothing of volumes. Transport facts: "FlashArray REST v1.19" and
// "FA2.26.spec.yaml"; 1.x answers 200 with a session cookie, 2.x takes the header x-auth-token.
#pragma once

#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "runtime/array/access.h"
#include "runtime/array/retry_delay.h"

namespace cairn::array {

struct ApiVersion {
  int generation = 0, minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
  std::string text() const { return std::to_string(generation) + "." + std::to_string(minor); }
};

struct Call {
  std::string method = "GET";
  std::string path;  // below /api/VERSION/
  std::vector<std::pair<std::string, std::string>> query = {};
  nlohmann::json body = nullptr;  // null: none
  // A mutation is sent again only when it surely was not carried out; otherwise the caller has to look.
  bool mutation() const { return method != "GET"; }
};

// What the array itself said no to.
struct Objection {
  std::string context;  // the object's name; may be empty
  std::string message;  // in the array's words: "Volume does not exist."
};
// Whether one of them has these words in its message.
bool says(const std::vector<Objection>& objections, std::string_view words);

struct Reply {
  int status = 200;
  nlohmann::json json;
  std::vector<Objection> objections = {};
  std::string next_page = {};  // continuation token; empty: this was the last page
  std::string request_id = {};
  bool ok() const { return status == 200; }
};

using Chance = std::function<double()>;  // uniform in [0, 1)

class Session {
 public:
  // All three outlive the session.
  Session(http::HttpClient& http, Clock& clock, Chance chance, Access access, Patience patience = {});

  // Negotiates and signs in unless that is done. Failures: not reachable, no common version, token refused.
  Result<ApiVersion> sign_in(std::stop_token stop);
  // Any status the array gave on purpose is a Reply (400, 403, 404; 5xx too for mutations). Thread-safe.
  Result<Reply> exchange(const Call& call, std::stop_token stop);
  // The items of all pages.
  Result<Reply> exchange_pages(Call call, std::stop_token stop);
  Result<> sign_out(std::stop_token stop);

  const Access& access() const { return access_; }
  Clock& clock() const { return clock_; }
  double chance() { return chance_(); }
  const Patience& patience() const { return patience_; }
  // "the array at 10.0.0.5"
  std::string name() const;

 private:
  struct Pass {  // what an exchange needs to be let in
    ApiVersion version;
    std::vector<http::Header> headers;
    int number = 0;  // of the sign-in, so that two threads with one expired pass sign in once
  };
  Result<Pass> pass(std::optional<int> expired, std::stop_token stop);
  Result<ApiVersion> negotiate(std::stop_token stop);
  Result<std::vector<http::Header>> enter(ApiVersion version, std::stop_token stop);
  Result<std::vector<http::Header>> enter_1(ApiVersion version, std::stop_token stop);
  Result<std::vector<http::Header>> enter_2(ApiVersion version, std::stop_token stop);
  Result<http::Response> send(http::Request request, bool mutation, std::stop_token stop);
  http::Request request_to(const std::string& path) const;
  Failure refused(const std::string& why, const http::Response& response) const;

  http::HttpClient& http_;
  Clock& clock_;
  const Chance chance_;
  const Access access_;
  const Patience patience_;
  const std::string origin_;
  std::mutex mutex_;
  std::optional<Pass> pass_;
  int sign_ins_ = 0;
};

// The body of an answer that is not 200, in any of the shapes arrays use.
std::vector<Objection> objections_in(const std::string& body);

std::string percent_encoded(std::string_view text);

}  // namespace cairn::array
