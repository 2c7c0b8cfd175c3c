#include "runtime/array/retry_delay.h"

#include <algorithm>
#include <charconv>

namespace cairn::array {
namespace {

std::optional<long> number_in(std::string_view text) {
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

}  // namespace

Setback setback_of(int attempt, const http::Response& response) {
  Setback setback{.attempt = attempt, .status = response.status};
  if (const std::optional<long> seconds = number_in(response.header("Retry-After"));
      seconds && *seconds >= 0) {
    setback.retry_after = std::chrono::seconds(std::min(*seconds, 3600L));
  }
  setback.minute_limit = number_in(response.header("X-RateLimit-Limit-minute"));
  setback.minute_remaining = number_in(response.header("X-RateLimit-Remaining-minute"));
  return setback;
}

std::optional<Nanoseconds> retry_delay(const Setback& setback, const Patience& patience, double chance) {
  const bool worth_it = setback.status == 0 || setback.status == 429 || setback.status >= 500;
  if (!worth_it || setback.attempt >= patience.attempts) return {};
  const auto spread = [&](Nanoseconds least, Nanoseconds more) {
    return least + Nanoseconds(static_cast<std::int64_t>(static_cast<double>(more.count()) * chance));
  };
  if (setback.retry_after) return spread(*setback.retry_after, patience.first);
  if (setback.status == 429) {
    if (setback.minute_remaining == 0) return spread(std::chrono::seconds(60), std::chrono::seconds(5));
    return spread(std::chrono::seconds(1), std::chrono::seconds(1));
  }
  Nanoseconds delay = patience.first;
  for (int i = 1; i < setback.attempt && delay < patience.longest; ++i) delay *= 2;
  delay = std::min(delay, patience.longest);
  return spread(delay / 2, delay / 2);
}

}  // namespace cairn::array
