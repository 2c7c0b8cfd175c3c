#include "runtime/plan/show_time.h"

namespace cairn::plan {

std::string show_time(Wait wait) {
  std::int64_t milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(wait).count();
  if (milliseconds < 1000) return std::to_string(milliseconds) + "ms";
  std::string text;
  for (const auto& [unit, size] : {std::pair{"h", 3'600'000}, std::pair{"m", 60'000}, std::pair{"s", 1000}}) {
    if (milliseconds >= size) text += std::to_string(milliseconds / size) + unit;
    milliseconds %= size;
  }
  return milliseconds == 0 ? text : text + std::to_string(milliseconds) + "ms";
}

}  // namespace cairn::plan
