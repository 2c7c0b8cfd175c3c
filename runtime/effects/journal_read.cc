// Reading a journal, and what it comes to.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "runtime/effects/journal.h"
#include "runtime/effects/journal_format.h"

namespace cairn {
namespace {

Failure damaged(const std::string& path, int line, const std::string& why) {
  Failure failure{fmt::format("the run cannot be resumed from `{}`", path)};
  failure.causes.push_back(fmt::format("line {}: {}", line, why));
  failure.help = "`cairn clean` removes what the run has left; then run it anew";
  return failure;
}

Failure too_new(const std::string& path, int version) {
  Failure failure{fmt::format("`{}` was written by another cairn", path)};
  failure.causes.push_back(fmt::format("its format is version {}, this cairn reads {} and {}", version,
                                       journal_format::kVersion - 1, journal_format::kVersion));
  failure.help = "resume it with the cairn that began it, or remove what it left by `cairn clean`";
  return failure;
}

}  // namespace

Result<JournalContent> read_journal(std::string_view text, const std::string& path) {
  JournalContent content;
  int line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t newline = text.find('\n');
    const bool is_last = newline == std::string_view::npos || newline + 1 == text.size();
    const std::string_view line = text.substr(0, newline);
    const std::optional<nlohmann::json> record =
        newline == std::string_view::npos ? std::nullopt : journal_format::checked(line);
    if (line_number == 1) {
      if (!record || !record->contains("cairn_journal")) {
        return Failure{fmt::format("`{}` is no journal of a run", path)}.because(
            "its first line is not a header");
      }
      content.header = journal_format::header_of(*record);
      content.version = record->value("cairn_journal", 0);
      if (content.version > journal_format::kVersion || content.version < journal_format::kVersion - 1) {
        content.damage = too_new(path, content.version);
      }
    } else if (!record) {
      // What a crash in the middle of a write leaves is the last line; anything else is not a crash's doing.
      if (!is_last && !content.damage) content.damage = damaged(path, line_number, "it is damaged");
      if (is_last) break;
    } else {
      const int incarnation = record->value("inc", 1);
      const std::uint64_t number = record->value("seq", std::uint64_t{0});
      content.next_record = std::max(content.next_record, number + 1);
      if (record->value("type", "") == "incarnation") {
        content.incarnation = std::max(content.incarnation, incarnation);
      } else if (std::optional<JournalEntry> entry = journal_format::entry_of(*record)) {
        // What an older incarnation still said after a newer had begun does not count.
        if (incarnation >= content.incarnation)
          content.records.push_back({number, incarnation, std::move(*entry)});
      } else if (!content.damage) {
        content.damage =
            damaged(path, line_number,
                    fmt::format("this cairn does not know records of type `{}`; cairn {} wrote it",
                                record->value("type", ""), content.header.cairn));
      }
    }
    content.whole_bytes += newline + 1;
    text.remove_prefix(newline + 1);
  }
  if (line_number == 0)
    return Failure{fmt::format("`{}` is no journal of a run", path)}.because("it is empty");
  return content;
}

const StepOutcome* JournalState::outcome_of(std::string_view step) const {
  const auto found =
      std::find_if(steps.begin(), steps.end(), [&](const StepOutcome& s) { return s.step == step; });
  return found == steps.end() ? nullptr : &*found;
}

namespace {

OpenStep* begun_step(JournalState& state, const std::string& step) {
  const auto found = std::find_if(state.begun.begin(), state.begun.end(),
                                  [&](const OpenStep& open) { return open.step == step; });
  return found == state.begun.end() ? nullptr : &*found;
}

void begin(JournalState& state, const StepBegun& begun) {
  // An attempt follows another that has failed, or one that somebody has decided about: only its own effects
  // are in doubt.
  if (OpenStep* again = begun_step(state, begun.step))
    *again = {begun.step, begun.attempt, 0};
  else
    state.begun.push_back({begun.step, begun.attempt, 0});
}

void count(JournalState& state, const Intent& effect, int by) {
  if (effect.is != EffectClass::once || effect.repeatable) return;
  if (OpenStep* open = begun_step(state, effect.step)) open->not_twice += by;
}

// Whether a step that did not succeed has caused something that must not happen twice, and never learnt how
// it came out: the answer to a push that got lost.
bool may_have_happened(const std::map<std::uint64_t, Intent>& open, const StepOutcome& of) {
  return std::any_of(open.begin(), open.end(), [&](const auto& effect) {
    const Intent& intent = effect.second;
    return intent.step == of.step && intent.is == EffectClass::once && !intent.repeatable;
  });
}

// The later record holds; but what was kept is as it was, and what it handed on then still stands.
void supersede(StepOutcome& known, const StepOutcome& later) {
  const StepOutcome before = std::exchange(known, later);
  if (later.outcome != "kept") return;
  for (const auto& fact : before.facts) {
    const auto same = [&](const auto& other) { return other.first == fact.first; };
    if (std::none_of(known.facts.begin(), known.facts.end(), same)) known.facts.push_back(fact);
  }
}

}  // namespace

JournalState fold(const std::vector<JournalRecord>& records) {
  JournalState state;
  std::map<std::string, std::size_t, std::less<>> index;
  std::map<std::uint64_t, Intent> open;
  for (const JournalRecord& record : records) {
    if (const auto* begun = std::get_if<StepBegun>(&record.entry)) {
      begin(state, *begun);
    } else if (const auto* intent = std::get_if<Intent>(&record.entry)) {
      open[record.number] = *intent;
      count(state, *intent, 1);
    } else if (const auto* effect = std::get_if<EffectOutcome>(&record.entry)) {
      const auto found = open.find(effect->intent);
      if (found == open.end()) continue;
      if (!effect->happened) count(state, found->second, -1);
      if (effect->happened) state.made.emplace_back(std::move(found->second), effect->id);
      open.erase(found);
    } else if (const auto* step = std::get_if<StepOutcome>(&record.entry)) {
      const auto [position, is_new] = index.emplace(step->step, state.steps.size());
      if (is_new) state.steps.emplace_back();
      supersede(state.steps[position->second], *step);
      const bool in_doubt =
          step->outcome != "succeeded" && step->outcome != "kept" && may_have_happened(open, *step);
      if (!in_doubt) std::erase_if(state.begun, [&](const OpenStep& one) { return one.step == step->step; });
    } else if (const auto* end = std::get_if<RunEnd>(&record.entry)) {
      state.exit_code = end->exit_code;
      continue;
    }
    state.exit_code.reset();  // whatever comes after an end is a run that was resumed
  }
  for (auto& [number, intent] : open) state.open.push_back({number, std::move(intent)});
  return state;
}

}  // namespace cairn
