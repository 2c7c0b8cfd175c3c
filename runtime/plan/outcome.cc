#include "runtime/plan/outcome.h"

#include <array>

namespace cairn::plan {

std::string_view name_of(const Outcome& outcome) {
  constexpr std::array<std::string_view, std::variant_size_v<Outcome>> names = {
      "succeeded", "kept",    "failed",     "timed_out", "broken",
      "cancelled", "skipped", "not_needed", "abandoned"};
  return names[outcome.index()];
}

bool is_good(const Outcome& outcome) {
  return std::holds_alternative<Succeeded>(outcome) || std::holds_alternative<Kept>(outcome);
}

const Trouble* trouble_of(const Outcome& outcome) {
  if (const Failed* failed = std::get_if<Failed>(&outcome)) return &failed->trouble;
  if (const TimedOut* timed_out = std::get_if<TimedOut>(&outcome)) return &timed_out->trouble;
  if (const Broken* broken = std::get_if<Broken>(&outcome)) return &broken->trouble;
  if (const Abandoned* abandoned = std::get_if<Abandoned>(&outcome)) return &abandoned->trouble;
  return nullptr;
}

std::string reason_of(const Outcome& outcome) {
  if (const Trouble* trouble = trouble_of(outcome)) return trouble->message;
  if (const Kept* kept = std::get_if<Kept>(&outcome)) return kept->reason;
  if (const Cancelled* cancelled = std::get_if<Cancelled>(&outcome)) return cancelled->reason;
  if (const Skipped* skipped = std::get_if<Skipped>(&outcome)) return skipped->reason;
  if (const NotNeeded* not_needed = std::get_if<NotNeeded>(&outcome)) return not_needed->reason;
  return {};
}

}  // namespace cairn::plan
