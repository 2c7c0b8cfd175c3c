#include "runtime/reach/probes/exec.h"

#include <fmt/format.h>

#include <string_view>

namespace cairn::reach {
namespace {

std::string_view last_line(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (const std::size_t newline = text.rfind('\n'); newline != std::string_view::npos)
    text.remove_prefix(newline + 1);
  return text.substr(0, kLongest);
}

}  // namespace

Look exec_look(ExecProbe probe, ProbeTarget& target) {
  return [probe = std::move(probe), &target](const Attempt& attempt) {
    const Result<CommandEnd> end = target.run(probe.command, attempt);
    if (!end) {
      const Failure& failure = end.failure();
      return Seen{false, failure.causes.empty() ? failure.message : failure.causes.front()};
    }
    if (end->exit_code == 0) return Seen{true, "exited 0"};
    const std::string_view line = last_line(end->tail);
    return Seen{false, line.empty() ? fmt::format("exited {}", end->exit_code)
                                    : fmt::format("exited {}: {}", end->exit_code, line)};
  };
}

}  // namespace cairn::reach
