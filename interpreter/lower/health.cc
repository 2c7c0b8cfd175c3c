#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "grammar/suggest.h"
#include "interpreter/lower/demands.h"
#include "interpreter/suggestions.h"

namespace cairn {
namespace {

enum class Wants { command, duration, count, boolean };
constexpr std::array<std::pair<std::string_view, Wants>, 7> keys = {{{"test", Wants::command},
                                                                     {"interval", Wants::duration},
                                                                     {"timeout", Wants::duration},
                                                                     {"start_period", Wants::duration},
                                                                     {"start_interval", Wants::duration},
                                                                     {"retries", Wants::count},
                                                                     {"disable", Wants::boolean}}};

bool is(const Value& value, Wants wants) {
  if (value.late() || value.null()) return true;
  switch (wants) {
    case Wants::command:
      return value.as<std::string>() != nullptr || value.as<List>() != nullptr;
    case Wants::duration:
      return value.as<Duration>() != nullptr;
    case Wants::count:
      return value.as<std::int64_t>() != nullptr && *value.as<std::int64_t>() >= 0;
    case Wants::boolean:
      return value.as<bool>() != nullptr;
  }
  return true;
}

std::string_view shown(Wants wants) {
  switch (wants) {
    case Wants::command:
      return "a list such as `[\"CMD\", \"pg_isready\"]`";
    case Wants::duration:
      return "a duration";
    case Wants::count:
      return "a count";
    case Wants::boolean:
      return "a bool";
  }
  return "";
}

// The entry where it is written out; else the setting.
const syntax::MapEntry* entry_of(const Written* written, const std::string& key) {
  const syntax::MapLiteral* map =
      written == nullptr ? nullptr : std::get_if<syntax::MapLiteral>(&written->value->is);
  if (map == nullptr) return nullptr;
  for (const syntax::MapEntry& entry : map->entries)
    if (const syntax::Text* text = std::get_if<syntax::Text>(&entry.key->is);
        text != nullptr && text->parts.size() == 1 && text->parts.front().text == key)
      return &entry;
  return nullptr;
}

}  // namespace

void check_health(Evaluator& evaluator, NodeId id, const Node& node) {
  const Map* map = node.value("healthcheck").as<Map>();
  if (map == nullptr) return;
  Diagnostics& diagnostics = evaluator.program.diagnostics;
  const Written* written = evaluator.written_setting(id, "healthcheck");
  for (const auto& given : map->entries) {
    const std::string& key = given.first;
    const Value& value = given.second;
    const syntax::MapEntry* entry = entry_of(written, key);
    const Span setting = node.setting("healthcheck")->span;
    const auto known =
        std::find_if(keys.begin(), keys.end(), [&](const auto& row) { return row.first == key; });
    if (known == keys.end()) {
      Diagnostic& error = diagnostics.error("S0304", entry == nullptr ? setting : entry->key->span,
                                            fmt::format("`healthcheck` has no `{}`", key), "not heard");
      std::vector<std::string> names;
      for (const auto& [name, wants] : keys) names.emplace_back(name);
      if (const auto near = suggest(key, names))
        error.help(fmt::format("did you mean `{}`?", *near));
      else
        error.note(fmt::format("it has {}", quoted_list(names)));
    } else if (!is(value, known->second)) {
      Diagnostic& error = diagnostics.error(
          "S0302", entry == nullptr ? setting : entry->value->span,
          fmt::format("`{}` in `healthcheck` is {}, found {}", key, shown(known->second), show(value)));
      const std::string* text = value.as<std::string>();
      if (known->second == Wants::duration && text != nullptr && !text->empty() && text->back() != ' ')
        error.help(fmt::format("`{}` without quotes", *text));
      if (known->second == Wants::duration && value.as<std::int64_t>() != nullptr)
        error.help(fmt::format("`{}s`", show(value)));
    }
  }
}

}  // namespace cairn
