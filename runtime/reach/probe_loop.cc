#include "runtime/reach/probe_loop.h"

#include <fmt/format.h>

#include <algorithm>

namespace cairn::reach {
namespace {

constexpr Nanoseconds kFirstPause = Milliseconds(5);
constexpr Nanoseconds kLongestPause = std::chrono::seconds(1);
constexpr int kPauseShare = 50;

std::string tries(int count) {
  return count == 1 ? "1 try" : fmt::format("{} tries", count);
}

Failure out_of_time(const std::string& what, const Seen& last, int looks, Nanoseconds took,
                    Nanoseconds within) {
  Failure failure{fmt::format("{} did not succeed within {}", what, shown(within))};
  failure.causes.push_back(fmt::format("{}, {} in {}", last.what, tries(looks), shown(took)));
  failure.is = FailureClass::timeout;
  return failure;
}

Failure stopped(const std::string& what, const std::optional<Seen>& last, int looks) {
  Failure failure{fmt::format("{} was cancelled", what)};
  if (last) failure.causes.push_back(fmt::format("last seen: {}, {}", last->what, tries(looks)));
  failure.is = FailureClass::cancelled;
  return failure;
}

// A sleep that a stop and a nudge end alike.
void sleep(Clock& clock, Instant until, std::stop_token stop, std::stop_token nudge) {
  std::stop_source awake;
  const auto wake = [&awake] { awake.request_stop(); };
  const std::stop_callback when_stopped(stop, wake);
  const std::stop_callback when_nudged(nudge, wake);
  clock.sleep_until(until, awake.get_token());
}

Seen look_once(const Look& look, Instant deadline, std::stop_token stop, const WakeUp& wake_up) {
  std::stop_source end;
  const auto request = [&end] { end.request_stop(); };
  const std::stop_callback when_stopped(stop, request);
  const std::stop_callback when_given_up(wake_up.end(), request);
  return look(Attempt{deadline, end.get_token()});
}

}  // namespace

std::string shown(Nanoseconds duration) {
  std::int64_t left = std::chrono::duration_cast<Milliseconds>(duration).count();
  // Nobody wants to read 3m12ms.
  if (left >= 10'000) left = (left + 500) / 1000 * 1000;
  std::string text;
  const auto part = [&](std::int64_t size, const char* unit) {
    if (left >= size) text += fmt::format("{}{}", left / size, unit);
    left %= size;
  };
  part(24 * 3'600'000, "d");
  part(3'600'000, "h");
  part(60'000, "m");
  part(1000, "s");
  part(1, "ms");
  return text.empty() ? "0s" : text;
}

Nanoseconds pause_after(Nanoseconds waited, Nanoseconds took, const Timing& timing) {
  if (timing.every) return *timing.every;
  return std::clamp(std::max(waited / kPauseShare, took), kFirstPause, kLongestPause);
}

Result<Found> probe_until(Clock& clock, const std::string& what, const Look& look, const Timing& timing,
                          std::stop_token stop, WakeUp& wake_up) {
  if (timing.delay > Nanoseconds::zero()) sleep(clock, clock.now() + timing.delay, stop, wake_up.end());
  const Instant begin = clock.now();
  const Instant end = begin + timing.within;
  std::optional<Seen> last;
  int looks = 0, good_in_a_row = 0;
  for (;;) {
    if (std::optional<Failure> why = wake_up.given_up()) return *std::move(why);
    if (stop.stop_requested()) return stopped(what, last, looks);
    const std::stop_token nudge = wake_up.next_nudge();
    const Instant begun = clock.now();
    const bool is_last = begun >= end;
    const Instant deadline = std::max(std::min(begun + timing.one_look, end), begun + timing.last_look);
    const Seen seen = look_once(look, deadline, stop, wake_up);
    ++looks;
    if (seen.good && ++good_in_a_row >= timing.stable) return Found{looks, clock.now() - begin, seen.what};
    if (!seen.good) good_in_a_row = 0;
    // What a look says that was cut short by its end tells less than the reason for that end.
    if (std::optional<Failure> why = wake_up.given_up()) return *std::move(why);
    if (stop.stop_requested()) return stopped(what, last, looks);
    last = seen;
    if (seen.hopeless) return Failure{fmt::format("{} cannot succeed", what)}.because(seen.what);
    if (is_last) return out_of_time(what, seen, looks, clock.now() - begin, timing.within);
    const Instant now = clock.now();
    const Nanoseconds pause =
        seen.good ? timing.every.value_or(kLongestPause) : pause_after(now - begin, now - begun, timing);
    sleep(clock, std::min(now + pause, std::max(end, now)), stop, nudge);
  }
}

}  // namespace cairn::reach
