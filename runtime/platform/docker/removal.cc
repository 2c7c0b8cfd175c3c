#include "runtime/platform/docker/removal.h"

#include <array>

namespace cairn::docker {

Result<http::Response> insist(Engine& engine, const Call& call, std::stop_token stop) {
  constexpr std::array<std::chrono::milliseconds, 3> pauses = {
      std::chrono::milliseconds(50), std::chrono::milliseconds(250), std::chrono::milliseconds(1000)};
  bool lost = false;
  std::size_t refused = 0;
  for (;;) {
    Result<http::Response> answer = engine.call(call, stop);
    if (!answer && !lost && !stop.stop_requested()) {
      lost = true;
      continue;
    }
    if (!answer || answer->status < 500 || refused == pauses.size()) return answer;
    if (!engine.clock().sleep_for(pauses.at(refused++), stop)) return answer;
  }
}

}  // namespace cairn::docker
