// A FlashArray without hardware: sign-in, sessions, both REST generations over one state, faults on demand.
// Pure but for its clock, its chance and its media; a listener (listener.h) or an in-process wire (wire.h)
// stands in front.
//
// The administrator's side (loopback only, no sign-in), all JSON:
//   GET  /simulator/state      everything; GET /simulator/hazards, /simulator/faults
//   POST /simulator/clock      {"advance_ms": n}: turns the array's clock forward
//   POST /simulator/settings   {"safe_mode", "eradication_delay_ms", "idle_timeout_ms", "page",
//                               "refuse_busy_overwrite", "requests_per_minute"}: those given
//   POST /simulator/faults     {"count": n, "path": "volumes", "method": "POST", and one of "status": 503,
//                               "fate": "drop_before" | "drop_after" | "cut", "latency_ms": n}
//   POST /simulator/sessions   {"expire": true}
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "runtime/array/simulator/exchange.h"
#include "runtime/array/simulator/state.h"
#include "runtime/effects/clock.h"

namespace cairn::array::simulator {

struct ApiClient {  // may sign in by OAuth 2.0 token exchange
  std::string client_id, key_id, issuer, user, public_key_pem;
};

struct Users {
  std::map<std::string, std::string> tokens;     // API token -> user
  std::map<std::string, std::string> passwords;  // user -> password
  std::vector<ApiClient> clients;
};

class Simulator {
 public:
  // `clock` and `media` outlive it. `changed` is called after every request that changed the state, before
  // its answer is given: the place to write it down; its failure becomes a 500.
  Simulator(Settings settings, Users users, Media& media, Clock& clock, std::function<double()> chance,
            std::function<Result<>(const State&)> changed = {});

  Answer handle(const Asked& asked);  // thread-safe
  // The same state for somebody in the same process, under the same lock.
  void with_state(const std::function<void(State&)>& use);

 private:
  struct SignedIn {
    std::string user;
    std::int64_t used = 0;  // last
    std::int64_t ends = 0;  // of an access token; 0: by idleness
  };
  struct Fault {
    long count = 1;
    std::string path, method, fate;
    int status = 0;
    std::int64_t latency_ms = 0;
  };

  std::int64_t time();
  std::string uuid();
  Answer administer(const Asked& asked);
  Answer token_exchange(const Asked& asked);
  Answer answer_1(const Asked& asked, const std::string& path);
  Answer answer_2(const Asked& asked, const std::string& path);
  Answer view(const Asked& asked, const std::string& path, const std::string& user, bool first_generation);
  std::optional<std::string> user_of(const std::string& key);
  std::optional<Fault> fault_for(const Asked& asked);
  std::optional<Answer> throttled(bool first_generation);

  std::mutex mutex_;
  State state_;
  const Users users_;
  Clock& clock_;
  const std::function<double()> chance_;
  const std::function<Result<>(const State&)> changed_;
  std::int64_t ahead_ms_ = 0;  // by how much the array's clock has been turned
  std::map<std::string, SignedIn> sessions_;
  std::vector<Fault> faults_;
  std::int64_t minute_ = 0;
  long in_minute_ = 0;
};

inline const std::vector<std::string>& offered_versions() {
  static const std::vector<std::string> versions = [] {
    std::vector<std::string> all;
    for (int minor = 0; minor <= 19; ++minor) all.push_back("1." + std::to_string(minor));
    for (int minor = 0; minor <= 26; ++minor) {
      if (minor != 12 && minor != 18) all.push_back("2." + std::to_string(minor));
    }
    return all;
  }();
  return versions;
}

}  // namespace cairn::array::simulator
