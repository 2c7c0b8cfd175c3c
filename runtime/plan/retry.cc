#include "runtime/plan/retry.h"

#include <algorithm>

namespace cairn::plan {

Wait retry_delay(const Retry& retry, int ended, double chance) {
  double milliseconds = static_cast<double>(std::max<std::int64_t>(0, retry.delay.milliseconds));
  const double most = static_cast<double>(std::max<std::int64_t>(0, retry.max_delay.milliseconds));
  for (int i = 1; i < ended && milliseconds < most; ++i) milliseconds *= 2;
  milliseconds = std::min(milliseconds, most) * (0.5 + 0.5 * chance);
  return Wait(static_cast<std::int64_t>(milliseconds * 1e6));
}

}  // namespace cairn::plan
