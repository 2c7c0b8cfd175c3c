// How long to wait before an array is asked again: a pure function, so that its table is a test.
#pragma once

#include <optional>

#include "runtime/effects/clock.h"
#include "runtime/http/client.h"

namespace cairn::array {

struct Patience {
  int attempts = 6;                                    // of one call, the first included
  Nanoseconds first = std::chrono::milliseconds(250);  // doubles with each attempt
  Nanoseconds longest = std::chrono::seconds(20);
};

// The answer that made a call fail, as far as the wait depends on it.
struct Setback {
  int attempt = 1;                              // how many have been made
  int status = 0;                               // 0: no answer at all
  std::optional<Nanoseconds> retry_after = {};  // header Retry-After
  // Headers X-RateLimit-{Limit,Remaining}-Minute of a 429: nothing left of the minute needs a minute's
  // patience.
  std::optional<long> minute_limit = {}, minute_remaining = {};
};
Setback setback_of(int attempt, const http::Response& response);

// `chance` in [0, 1) spreads callers that fail together. Nothing: do not try again (the status is final, or
// the attempts are used up).
std::optional<Nanoseconds> retry_delay(const Setback& setback, const Patience& patience, double chance);

}  // namespace cairn::array
