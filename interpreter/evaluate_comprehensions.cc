// Comprehensions: `[item for x in source if condition]` and `{ key = value for … }`.
#include <fmt/format.h>

#include "interpreter/evaluate.h"
#include "interpreter/map_builder.h"
#include "interpreter/operators.h"

namespace cairn {
namespace {}  // namespace

std::optional<std::vector<std::vector<Value>>> Evaluator::elements(const syntax::Expr& written,
                                                                   std::size_t variables_wanted,
                                                                   const Value& source) {
  std::vector<std::vector<Value>> found;
  if (source.null()) return found;
  const bool two = variables_wanted == 2;
  if (const List* list = source.as<List>()) {
    found.reserve(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
      std::vector<Value>& variables = found.emplace_back();
      if (two) variables.push_back(to_value(static_cast<std::int64_t>(i)));
      variables.push_back((*list)[i]);
      variables.back().secret = variables.back().secret || source.secret;
    }
    return found;
  }
  if (const Map* map = source.as<Map>()) {
    found.reserve(map->entries.size());
    for (const auto& [key, entry] : map->entries) {
      std::vector<Value>& variables = found.emplace_back();
      variables.push_back(to_value(key));
      if (two) variables.push_back(entry);
    }
    return found;
  }
  error("S0302", written.span, fmt::format("`for` runs over a list or a map, not {}", kind_of_value(source)));
  return std::nullopt;
}

std::optional<Evaluator::Rounds> Evaluator::rounds(const syntax::Expr& expression, const syntax::Each& each,
                                                   const Where& place) {
  Rounds rounds;
  const Maybe source = evaluate(*each.source, place);
  if (!source) return std::nullopt;
  if (source->late()) {
    rounds.late = late(expression, place, source->as<Late>()->expression->because, source->secret);
    return rounds;
  }
  const auto found = elements(*each.source, each.variables.size(), *source);
  if (!found || !spend(found->size(), expression.span)) return std::nullopt;
  for (const std::vector<Value>& variables : *found) {
    Where inside = place;
    for (std::size_t i = 0; i < variables.size(); ++i)
      inside.locals =
          std::make_shared<const Locals>(Locals{each.variables[i].text, variables[i], inside.locals});
    if (each.condition) {
      const Maybe condition = evaluate(*each.condition, inside);
      if (!condition) return std::nullopt;
      if (condition->late()) {
        rounds.late = late(expression, place, condition->as<Late>()->expression->because, condition->secret);
        return rounds;
      }
      const bool* taken = condition->as<bool>();
      if (taken == nullptr) {
        error("S0302", each.condition->span,
              fmt::format("a condition is a bool, not {}", kind_of_value(*condition)));
        return std::nullopt;
      }
      if (!*taken) continue;
    }
    rounds.taken.push_back(std::move(inside));
  }
  return rounds;
}

std::optional<Value> Evaluator::list_for(const syntax::Expr& expression, const syntax::ListFor& each,
                                         const Where& place) {
  std::optional<Rounds> taken = rounds(expression, each.each, place);
  if (!taken) return std::nullopt;
  if (taken->late) return std::move(*taken->late);
  List values;
  for (const Where& inside : taken->taken) {
    Maybe value = evaluate(*each.item, inside);
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return to_value(std::move(values));
}

std::optional<Value> Evaluator::map_for(const syntax::Expr& expression, const syntax::MapFor& each,
                                        const Where& place) {
  std::optional<Rounds> taken = rounds(expression, each.each, place);
  if (!taken) return std::nullopt;
  if (taken->late) return std::move(*taken->late);
  MapBuilder values;
  for (const Where& inside : taken->taken) {
    Maybe key = map_key(*each.key, inside);
    Maybe value = evaluate(*each.value, inside);
    if (!key || !value) return std::nullopt;
    if (key->late()) return late(expression, place, key->as<Late>()->expression->because, value->secret);
    const std::string& text = *key->as<std::string>();
    if (!values.add(text, std::move(*value))) {
      error("S0202", each.key->span, fmt::format("the key `{}` comes twice", text), "computed again here");
      return std::nullopt;
    }
  }
  return to_value(values.take());
}

}  // namespace cairn
