#include "tests/sim/weather.h"

#include <fmt/format.h>

namespace cairn::sim {
namespace {

Failure connection_lost(bool nothing_done) {
  return {.message = "the connection was cut",
          .causes = {},
          .is = FailureClass::endpoint,
          .nothing_done = nothing_done};
}
Failure nobody_listens() {
  return {.message = "could not connect",
          .causes = {"connection refused"},
          .is = FailureClass::endpoint,
          .nothing_done = true};
}
Failure cancelled(bool nothing_done) {
  return {.message = "cancelled", .is = FailureClass::cancelled, .nothing_done = nothing_done};
}

}  // namespace

// Breaks after so many reads.
class Weather::BreakingStream final : public http::Stream {
 public:
  BreakingStream(std::unique_ptr<http::Stream> below, Weather& weather, int reads)
      : below_(std::move(below)), weather_(weather), reads_left_(reads) {}
  int status() const override { return below_->status(); }
  const std::vector<http::Header>& headers() const override { return below_->headers(); }
  Result<std::string> read(std::stop_token stop, std::optional<Instant> deadline) override {
    if (weather_.gate_.closed() || reads_left_ == 0) return connection_lost(false);
    Result<std::string> piece = below_->read(std::move(stop), deadline);
    if (weather_.gate_.closed()) return connection_lost(false);
    if (reads_left_ > 0 && piece && !piece->empty() && --reads_left_ == 0) {
      piece->resize(piece->size() / 2);  // half of it has come
      if (piece->empty()) return connection_lost(false);
    }
    return piece;
  }

 private:
  std::unique_ptr<http::Stream> below_;
  Weather& weather_;
  int reads_left_;  // negative: it does not break
};

bool Weather::sleep(std::stop_token stop) {
  const int longest = chance_.percent(forecast_.slow_percent) ? 3000 : forecast_.longest_ms;
  return baton_.sleep_for(std::chrono::microseconds(chance_.between(0, longest * 1000)), std::move(stop));
}

Result<Weather::Fate> Weather::set_out(const http::Request& request, std::stop_token stop) {
  if (!gate_.pass()) return connection_lost(true);
  if (!sleep(stop)) return cancelled(true);
  if (gate_.closed()) return connection_lost(true);
  if (baton_.now() < away_until_) return nobody_listens();
  if (request.unix_socket.empty()) return Fate::goes_through;
  const int roll = chance_.between(1, 100);
  int limit = forecast_.refuses_percent;
  if (roll <= limit) return nobody_listens();
  if (roll <= (limit += forecast_.stumbles_percent)) return Fate::stumbles;
  if (roll <= (limit += forecast_.half_done_percent)) return Fate::half_done;
  if (roll <= (limit += forecast_.lost_percent)) return Fate::lost;
  return Fate::goes_through;
}

Result<Done> Weather::come_back(const http::Request& request, Fate fate, int status, std::stop_token stop) {
  if (on_call)
    on_call(fmt::format("{} {} {} {}{}", baton_.now().time_since_epoch().count() / 1000, request.method,
                        request.url, status, fate == Fate::lost ? " (lost)" : ""));
  if (!gate_.pass() || fate == Fate::lost) return connection_lost(false);
  if (chance_.one_in(4) && !sleep(std::move(stop))) return cancelled(false);  // the way back
  if (gate_.closed()) return connection_lost(false);
  return Done{};
}

Result<http::Response> Weather::send(const http::Request& request, std::stop_token stop) {
  const Result<Fate> fate = set_out(request, stop);
  if (!fate) return fate.failure();
  const bool changes = request.method != "GET" && request.method != "HEAD";
  if (changes) ++changes_;
  const http::Response broken{500, {}, R"({"message":"something went wrong"})"};
  if (*fate == Fate::stumbles) {
    if (const Result<Done> back = come_back(request, *fate, 500, stop); !back) return back.failure();
    return broken;
  }
  if (changes && on_change) on_change(request);
  calling = &run;
  Result<http::Response> answer = engine_.send(request, stop);
  calling = nullptr;
  if (const Result<Done> back = come_back(request, *fate, answer ? answer->status : 0, stop); !back)
    return back.failure();
  if (*fate == Fate::half_done) return broken;
  return answer;
}

Result<std::unique_ptr<http::Stream>> Weather::open(const http::Request& request, std::stop_token stop) {
  const Result<Fate> fate = set_out(request, stop);
  if (!fate) return fate.failure();
  if (request.method != "GET") ++changes_;
  if (*fate == Fate::stumbles) return connection_lost(true);
  if (request.method != "GET" && on_change) on_change(request);
  calling = &run;
  Result<std::unique_ptr<http::Stream>> answer = engine_.open(request, stop);
  calling = nullptr;
  if (const Result<Done> back = come_back(request, *fate, answer ? (*answer)->status() : 0, stop); !back)
    return back.failure();
  if (*fate == Fate::half_done) return connection_lost(false);
  if (!answer) return answer.failure();
  const int reads = chance_.percent(forecast_.cut_percent) ? chance_.between(0, 3) : -1;
  return std::unique_ptr<http::Stream>(std::make_unique<BreakingStream>(std::move(*answer), *this, reads));
}

Result<Done> Weather::connect(const reach::Endpoint& endpoint, const reach::Attempt& attempt) {
  if (!gate_.pass()) return connection_lost(true);
  if (!sleep(attempt.stop)) return cancelled(true);
  if (gate_.closed()) return connection_lost(true);
  return engine_.connect(endpoint, attempt);
}

}  // namespace cairn::sim
