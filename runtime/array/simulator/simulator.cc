#include "runtime/array/simulator/simulator.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/array/signed_token.h"
#include "runtime/array/simulator/identity_token.h"
#include "runtime/array/simulator/state_file.h"
#include "runtime/array/simulator/views.h"

namespace cairn::array::simulator {
namespace {

using nlohmann::json;

Answer error_1(int status, const std::string& context, const std::string& message) {
  return json_answer(status, json::array({{{"pure_err_key", "ERR_FRIENDLY"},
                                           {"code", 0},
                                           {"ctx", context},
                                           {"pure_err_code", 1},
                                           {"msg", message}}}));
}

Answer error_2(int status, const std::string& context, const std::string& message) {
  if (status == 403 || status == 429) return json_answer(status, {{"message", message}});
  return json_answer(status, {{"errors", json::array({{{"context", context}, {"message", message}}})}});
}

const char* words_for(int status) {
  switch (status) {
    case 401:
      return "Unauthorized.";
    case 403:
      return "Forbidden.";
    case 429:
      return "API rate limit exceeded.";
    case 450:
      return "REST version incompatible.";
    case 503:
      return "Service unavailable.";
    default:
      return "Internal server error.";
  }
}

void add_rate_headers(Answer& answer) {
  for (const char* span : {"second", "minute"}) {
    answer.headers.emplace_back(std::string("X-RateLimit-Limit-") + span, span[0] == 's' ? "20" : "1000");
    answer.headers.emplace_back(std::string("X-RateLimit-Remaining-") + span, span[0] == 's' ? "0" : "500");
  }
}

std::string session_cookie(const Asked& asked) {
  const std::string cookies = asked.header("Cookie");
  const std::size_t at = cookies.find("session=");
  if (at == std::string::npos) return {};
  return cookies.substr(at + 8, cookies.find(';', at) - at - 8);
}

}  // namespace

Simulator::Simulator(Settings settings, Users users, Media& media, Clock& clock,
                     std::function<double()> chance, std::function<Result<>(const State&)> changed)
    : state_(std::move(settings), media),
      users_(std::move(users)),
      clock_(clock),
      chance_(std::move(chance)),
      changed_(std::move(changed)) {}

void Simulator::with_state(const std::function<void(State&)>& use) {
  std::lock_guard lock(mutex_);
  use(state_);
}

std::int64_t Simulator::time() {
  return clock_.wall_clock_ms() + ahead_ms_;
}

std::string Simulator::uuid() {
  const auto piece = [&](double span) { return static_cast<std::uint64_t>(chance_() * span); };
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", piece(0x1p32), piece(0x1p16), piece(0x1p12),
                     piece(0x1p12), piece(0x1p48));
}

std::optional<std::string> Simulator::user_of(const std::string& key) {
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return {};
  SignedIn& session = found->second;
  const bool over = session.ends != 0 ? state_.now >= session.ends
                                      : state_.settings.idle_timeout_ms > 0 &&
                                            state_.now - session.used >= state_.settings.idle_timeout_ms;
  if (over) {
    sessions_.erase(found);
    return {};
  }
  session.used = state_.now;
  return session.user;
}

std::optional<Simulator::Fault> Simulator::fault_for(const Asked& asked) {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    Fault& fault = faults_[i];
    if (!fault.method.empty() && fault.method != asked.method) continue;
    if (!fault.path.empty() && asked.path.find(fault.path) == std::string::npos) continue;
    const Fault hit = fault;
    if (--fault.count <= 0) faults_.erase(faults_.begin() + static_cast<std::ptrdiff_t>(i));
    return hit;
  }
  return {};
}

std::optional<Answer> Simulator::throttled(bool first_generation) {
  const long most = state_.settings.requests_per_minute;
  if (most <= 0) return {};
  if (state_.now / 60000 != minute_) {
    minute_ = state_.now / 60000;
    in_minute_ = 0;
  }
  if (++in_minute_ <= most) return {};
  Answer answer = first_generation ? error_1(429, "", words_for(429)) : error_2(429, "", words_for(429));
  const std::string limit = std::to_string(most);
  answer.headers.insert(answer.headers.end(), {{"X-RateLimit-Limit-second", limit},
                                               {"X-RateLimit-Limit-minute", limit},
                                               {"X-RateLimit-Remaining-second", "0"},
                                               {"X-RateLimit-Remaining-minute", "0"}});
  return answer;
}

Answer Simulator::handle(const Asked& asked) {
  std::lock_guard lock(mutex_);
  state_.advance(time());
  if (asked.path.rfind("/simulator/", 0) == 0) return administer(asked);

  const bool first_generation = asked.path.rfind("/api/1.", 0) == 0;
  const std::optional<Fault> fault = fault_for(asked);
  Answer answer;
  if (fault && fault->status != 0) {
    answer = first_generation ? error_1(fault->status, "", words_for(fault->status))
                              : error_2(fault->status, "", words_for(fault->status));
    if (fault->status == 429) add_rate_headers(answer);
  } else if (fault && fault->fate == "drop_before") {
    answer.fate = Fate::dropped;
  } else if (std::optional<Answer> too_many = throttled(first_generation)) {
    answer = std::move(*too_many);
  } else if (asked.path == "/api/api_version") {
    answer = json_answer(200, {{"version", offered_versions()}});
  } else if (asked.path == "/oauth2/1.0/token") {
    answer = token_exchange(asked);
  } else {
    std::string rest;
    std::string version;
    if (asked.path.rfind("/api/", 0) == 0) {
      const std::size_t slash = asked.path.find('/', 5);
      version = asked.path.substr(5, slash == std::string::npos ? std::string::npos : slash - 5);
      rest = slash == std::string::npos ? "" : asked.path.substr(slash + 1);
    }
    const bool known =
        std::find(offered_versions().begin(), offered_versions().end(), version) != offered_versions().end();
    if (version.empty() || (!known && !first_generation)) {
      answer = error_2(404, asked.path, "Not found.");
    } else if (!known) {
      answer = error_1(450, version, words_for(450));
    } else {
      answer = first_generation ? answer_1(asked, rest) : answer_2(asked, rest);
    }
  }
  if (fault && fault->fate == "drop_after") answer.fate = Fate::dropped;
  if (fault && fault->fate == "cut") answer.fate = Fate::cut;
  if (fault) answer.latency_ms = fault->latency_ms;
  if (const std::string id = asked.header("X-Request-ID"); !id.empty()) {
    answer.headers.emplace_back("X-Request-ID", id);
  }
  return answer;
}

Answer Simulator::view(const Asked& asked, const std::string& path, const std::string& user,
                       bool first_generation) {
  const json parameters = parameters_of(asked);
  Answer answer;
  try {
    answer = first_generation ? view_1(state_, asked.method, path, parameters)
                              : view_2(state_, asked.method, path, parameters);
  } catch (const Refusal& refusal) {
    answer = first_generation ? error_1(400, refusal.context, refusal.message)
                              : error_2(400, refusal.context, refusal.message);
  } catch (const json::exception&) {
    answer = first_generation ? error_1(400, path, "Invalid parameter type.")
                              : error_2(400, path, "Invalid parameter type.");
  }
  if (asked.method != "GET") {
    state_.note(user, fmt::format("{} {} {}", asked.method, path, parameters.dump()));
    if (changed_) {
      const Result<> written = changed_(state_);
      if (!written.ok()) {
        return first_generation ? error_1(500, path, written.failure().message)
                                : error_2(500, path, written.failure().message);
      }
    }
  }
  return answer;
}

Answer Simulator::answer_1(const Asked& asked, const std::string& path) {
  const json parameters = parameters_of(asked);
  if (path == "auth/apitoken" && asked.method == "POST") {
    const std::string user = word(parameters, "username");
    const auto known = users_.passwords.find(user);
    if (known == users_.passwords.end() || known->second != word(parameters, "password")) {
      return error_1(400, user, "Invalid credentials supplied.");
    }
    for (const auto& [token, owner] : users_.tokens) {
      if (owner == user) return json_answer(200, {{"api_token", token}});
    }
    return error_1(400, user, "API token does not exist.");
  }
  const auto with_cookie = [](Answer answer, const std::string& session) {
    if (answer.status == 200) {
      answer.headers.emplace_back("Set-Cookie", "session=" + session + "; Path=/; Secure; HttpOnly");
    }
    return answer;
  };
  if (path == "auth/session" && asked.method == "POST") {
    const auto known = users_.tokens.find(word(parameters, "api_token"));
    if (known == users_.tokens.end()) return error_1(401, "", "Invalid API token.");
    const std::string session = uuid();
    sessions_[session] = {known->second, state_.now, 0};
    return with_cookie(json_answer(200, {{"username", known->second}}), session);
  }
  const std::string session = session_cookie(asked);
  const std::optional<std::string> user = user_of(session);
  if (!user) return error_1(401, "", "Session has expired or does not exist.");
  if (path == "auth/session" && asked.method == "DELETE") {
    sessions_.erase(session);
    return json_answer(200, {{"username", *user}});
  }
  return with_cookie(view(asked, path, *user, true), session);
}

Answer Simulator::answer_2(const Asked& asked, const std::string& path) {
  if (path == "login" && asked.method == "POST") {
    const auto known = users_.tokens.find(asked.header("api-token"));
    if (known == users_.tokens.end()) return error_2(401, "", "Invalid API token.");
    const std::string session = uuid();
    sessions_[session] = {known->second, state_.now, 0};
    Answer answer = json_answer(200, {{"items", json::array({{{"username", known->second}}})}});
    answer.headers.emplace_back("x-auth-token", session);
    return answer;
  }
  std::string key = asked.header("x-auth-token");
  const std::string bearer = asked.header("Authorization");
  if (key.empty() && bearer.rfind("Bearer ", 0) == 0) key = bearer.substr(7);
  const std::optional<std::string> user = user_of(key);
  if (!user) return error_2(401, "", "Session has expired or does not exist.");
  if (path == "logout" && asked.method == "POST") {
    sessions_.erase(key);
    return empty_answer();
  }
  return view(asked, path, *user, false);
}

Answer Simulator::token_exchange(const Asked& asked) {
  const auto refuse = [](int status, const char* error, const std::string& why) {
    return json_answer(status, {{"error", error}, {"error_description", why}});
  };
  Asked as_query = asked;
  as_query.query = asked.body;  // a form is written as a query is
  as_query.body.clear();
  const json form = parameters_of(as_query);
  if (word(form, "grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange" ||
      word(form, "subject_token_type") != "urn:ietf:params:oauth:token-type:jwt") {
    return refuse(400, "invalid_request", "The grant type or the subject token type is not supported.");
  }
  const Result<std::string> user =
      user_of_identity_token(word(form, "subject_token"), users_.clients, state_.now / 1000);
  if (!user.ok()) return refuse(401, "invalid_client", user.failure().message);
  constexpr std::int64_t kLifetime = 36000;
  const std::int64_t seconds = state_.now / 1000;
  const std::string token =
      base64url(json{{"alg", "RS256"}, {"typ", "JWT"}}.dump()) + "." +
      base64url(json{{"sub", *user}, {"iat", seconds}, {"exp", seconds + kLifetime}}.dump()) + "." +
      base64url(uuid());
  sessions_[token] = {*user, state_.now, state_.now + kLifetime * 1000};
  return json_answer(200, {{"access_token", token},
                           {"expires_in", kLifetime - 1},
                           {"issued_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                           {"token_type", "Bearer"}});
}

Answer Simulator::administer(const Asked& asked) {
  const json wanted = parameters_of(asked);
  const std::string what = asked.path.substr(11);
  if (asked.method == "GET" && what == "state") {
    json all = saved(state_);
    all["media"] = state_.media.description();
    all["sessions"] = sessions_.size();
    return json_answer(200, all);
  }
  if (asked.method == "GET" && what == "hazards") {
    json list = json::array();
    for (const Hazard& hazard : state_.hazards) {
      list.push_back({{"when", hazard.when}, {"volume", hazard.volume}, {"what", hazard.what}});
    }
    return json_answer(200, list);
  }
  if (asked.method == "GET" && what == "faults") return json_answer(200, {{"waiting", faults_.size()}});
  if (asked.method != "POST") return json_answer(404, {{"message", "no such page"}});
  try {
    if (what == "clock") {
      ahead_ms_ += static_cast<std::int64_t>(amount(wanted, "advance_ms", 0));
      state_.advance(time());
      return json_answer(200, {{"now", state_.now}});
    }
    if (what == "settings") {
      Settings& settings = state_.settings;
      settings.safe_mode = flag(wanted, "safe_mode", settings.safe_mode);
      settings.refuse_busy_overwrite = flag(wanted, "refuse_busy_overwrite", settings.refuse_busy_overwrite);
      const auto number = [&](const char* key, std::int64_t otherwise) {
        return static_cast<std::int64_t>(amount(wanted, key, static_cast<std::uint64_t>(otherwise)));
      };
      settings.eradication_delay_ms = number("eradication_delay_ms", settings.eradication_delay_ms);
      settings.idle_timeout_ms = number("idle_timeout_ms", settings.idle_timeout_ms);
      settings.requests_per_minute = number("requests_per_minute", settings.requests_per_minute);
      settings.page = static_cast<std::size_t>(amount(wanted, "page", settings.page));
      return json_answer(200, json::object());
    }
    if (what == "faults") {
      faults_.push_back({static_cast<long>(amount(wanted, "count", 1)), word(wanted, "path"),
                         word(wanted, "method"), word(wanted, "fate"),
                         static_cast<int>(amount(wanted, "status", 0)),
                         static_cast<std::int64_t>(amount(wanted, "latency_ms", 0))});
      return json_answer(200, {{"waiting", faults_.size()}});
    }
    if (what == "sessions") {
      const std::size_t ended = sessions_.size();
      sessions_.clear();
      return json_answer(200, {{"ended", ended}});
    }
  } catch (const Refusal& refusal) {
    return json_answer(400, {{"message", refusal.message}});
  }
  return json_answer(404, {{"message", "no such page"}});
}

}  // namespace cairn::array::simulator
