// Looking again and again until something is ready.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "runtime/effects/clock.h"
#include "runtime/effects/result.h"
#include "runtime/reach/target.h"
#include "runtime/reach/wake_up.h"

namespace cairn::reach {

// What one look saw: "connection refused", "answered 503".
struct Seen {
  bool good = false;
  std::string what;
  bool hopeless = false;  // looking again cannot help
};
using Look = std::function<Seen(const Attempt&)>;

struct Timing {
  Nanoseconds within = std::chrono::minutes(3);  // from the first look
  Nanoseconds delay{};                           // before the first look
  std::optional<Nanoseconds> every;              // none: 5 ms, growing to 1 s
  int stable = 1;                                // good looks in a row, a second (or `every`) apart
  Nanoseconds one_look = std::chrono::seconds(10);
  Nanoseconds last_look =
      std::chrono::milliseconds(250);  // it begins when the time is over, and has to see something
};

struct Found {
  int looks = 0;
  Nanoseconds took{};
  std::string what;  // the last look's
};

// Looks at once (after `delay`), and then until it was good `stable` times in a row. Fails with class timeout
// when `within` is over, and says what it saw last and how often it looked ("connection refused, 214 tries in
// 3m"); with the reason when woken by give_up(); with class cancelled when stopped. `what` names the probe:
// "tcp(5432)".
Result<Found> probe_until(Clock& clock, const std::string& what, const Look& look, const Timing& timing,
                          std::stop_token stop, WakeUp& wake_up);

// The pause after a look that did not succeed: a fiftieth of what was `waited` until now, so that at the
// end a service has been ready for no more than two hundredths of the time that it needed; at least as long
// as the look itself `took`, from 5 ms to 1 s.
Nanoseconds pause_after(Nanoseconds waited, Nanoseconds took, const Timing& timing);

// "3m", "1m30s", "250ms": as such a duration is written in a file.
std::string shown(Nanoseconds duration);

}  // namespace cairn::reach
