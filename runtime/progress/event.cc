#include "runtime/progress/event.h"

namespace cairn::progress {

namespace {

constexpr std::array<std::string_view, outcome_count> outcome_names = {
    "succeeded", "kept", "failed", "timed_out", "broken", "cancelled", "skipped", "not_needed", "abandoned"};

// In the order of the alternatives of Happening.
constexpr std::array<std::string_view, std::variant_size_v<Happening>> type_names = {
    "run_started", "step_planned",  "step_waiting", "step_started",  "step_progress",
    "step_log",    "step_finished", "step_retried", "service_ready", "service_died",
    "artifact",    "report",        "message",      "run_finished"};

}  // namespace

std::string_view name_of(Outcome outcome) {
  return outcome_names[static_cast<std::size_t>(outcome)];
}

std::optional<Outcome> outcome_named(std::string_view name) {
  for (std::size_t i = 0; i < outcome_names.size(); ++i)
    if (outcome_names[i] == name) return static_cast<Outcome>(i);
  return std::nullopt;
}

bool is_trouble(Outcome outcome) {
  return outcome == Outcome::failed || outcome == Outcome::timed_out || outcome == Outcome::broken ||
         outcome == Outcome::abandoned;
}

std::string_view type_of(const Happening& happening) {
  return type_names[happening.index()];
}

}  // namespace cairn::progress
