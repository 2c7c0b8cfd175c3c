// Lists and maps.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "interpreter/functions/families.h"
#include "interpreter/map_builder.h"

namespace cairn::functions {
namespace {

const List& list_in(const Value& value) {
  return as<List>(value);
}

FunctionResult len(Arguments arguments, Inputs&) {
  if (const List* list = arguments[0].as<List>()) return to_value(static_cast<std::int64_t>(list->size()));
  if (const Map* map = arguments[0].as<Map>())
    return to_value(static_cast<std::int64_t>(map->entries.size()));
  // Characters, not bytes: those that do not go on with one that has begun.
  const std::string& text = as<std::string>(arguments[0]);
  return to_value(static_cast<std::int64_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; })));
}

FunctionResult range(Arguments arguments, Inputs&) {
  const bool both = !arguments[1].null();
  const std::int64_t begin = both ? as<std::int64_t>(arguments[0]) : 0;
  const std::int64_t end = both ? as<std::int64_t>(arguments[1]) : as<std::int64_t>(arguments[0]);
  const std::int64_t step = as<std::int64_t>(arguments[2]);
  if (step == 0) return FunctionError{"a range with steps of 0 never ends", 2, {}};
  if (!both && end < 0) return FunctionError{fmt::format("a range of {} numbers", end), 0, {}};
  List numbers;
  for (std::int64_t at = begin; step > 0 ? at < end : at > end;) {
    if (static_cast<std::int64_t>(numbers.size()) >= most_elements)
      return FunctionError{
          "a range holds at most 1000000 numbers", both ? std::size_t{1} : std::size_t{0}, {}};
    numbers.push_back(to_value(at));
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return to_value(std::move(numbers));
}

FunctionResult keys(Arguments arguments, Inputs&) {
  List all;
  for (const auto& [key, value] : as<Map>(arguments[0]).entries) all.push_back(to_value(key));
  return to_value(std::move(all));
}

FunctionResult values(Arguments arguments, Inputs&) {
  List all;
  for (const auto& [key, value] : as<Map>(arguments[0]).entries) all.push_back(value);
  return to_value(std::move(all));
}

FunctionResult merge(Arguments arguments, Inputs&) {
  MapBuilder all;
  bool secret = false;
  for (const Value& map : list_in(arguments[0])) {
    secret = secret || map.secret;
    for (const auto& [key, value] : as<Map>(map).entries) all.set(key, value);
  }
  Value merged = to_value(all.take());
  merged.secret = secret;
  return merged;
}

FunctionResult flatten(Arguments arguments, Inputs&) {
  List all;
  bool secret = false;
  for (const Value& list : list_in(arguments[0])) {
    secret = secret || list.secret;
    all.insert(all.end(), list_in(list).begin(), list_in(list).end());
  }
  Value flat = to_value(std::move(all));
  flat.secret = secret;
  return flat;
}

// Which of the comparable sorts a value is of; int and float are one. 0: none.
int sort_of(const Value& value) {
  if (value.as<std::int64_t>() != nullptr || value.as<double>() != nullptr) return 1;
  if (value.as<std::string>() != nullptr) return 2;
  if (value.as<Duration>() != nullptr) return 3;
  if (value.as<Size>() != nullptr) return 4;
  if (value.as<Path>() != nullptr) return 5;
  return 0;
}

FunctionResult distinct(Arguments arguments, Inputs&) {
  // Equal values have the same text, but for numbers: 1 and 1.0 are one.
  List once;
  std::unordered_multimap<std::string, std::size_t> seen;
  for (const Value& element : list_in(arguments[0])) {
    const std::int64_t* whole = element.as<std::int64_t>();
    const double* part = element.as<double>();
    const std::string text = whole != nullptr        ? fmt::format("{}", static_cast<double>(*whole))
                             : part != nullptr       ? fmt::format("{}", *part)
                             : sort_of(element) == 0 ? std::string()
                                                     : show(element);
    const auto [begin, end] = seen.equal_range(text);
    if (std::any_of(begin, end, [&](const auto& other) { return equal(once[other.second], element); }))
      continue;
    seen.emplace(text, once.size());
    once.push_back(element);
  }
  return to_value(std::move(once));
}

double number_in(const Value& value) {
  const std::int64_t* whole = value.as<std::int64_t>();
  return whole != nullptr ? static_cast<double>(*whole) : as<double>(value);
}

bool less(const Value& a, const Value& b) {
  switch (sort_of(a)) {
    case 1:
      if (a.as<std::int64_t>() != nullptr && b.as<std::int64_t>() != nullptr)
        return *a.as<std::int64_t>() < *b.as<std::int64_t>();
      return number_in(a) < number_in(b);
    case 2:
      return as<std::string>(a) < as<std::string>(b);
    case 3:
      return as<Duration>(a) < as<Duration>(b);
    case 4:
      return as<Size>(a) < as<Size>(b);
    default:
      return as<Path>(a).text < as<Path>(b).text;
  }
}

std::optional<FunctionError> not_comparable(const List& list) {
  for (const Value& element : list) {
    if (sort_of(element) == 0)
      return FunctionError{
          "the elements have no order: numbers, texts, durations, sizes and paths have", 0, {}};
    if (sort_of(element) != sort_of(list.front()))
      return FunctionError{"the elements are of different types: they have no order", 0, {}};
  }
  return std::nullopt;
}

FunctionResult sort(Arguments arguments, Inputs&) {
  List sorted = list_in(arguments[0]);
  if (std::optional<FunctionError> error = not_comparable(sorted)) return *error;
  std::stable_sort(sorted.begin(), sorted.end(), less);
  return to_value(std::move(sorted));
}

FunctionResult reverse(Arguments arguments, Inputs&) {
  List reversed = list_in(arguments[0]);
  std::reverse(reversed.begin(), reversed.end());
  return to_value(std::move(reversed));
}

FunctionError empty_list(std::string_view what) {
  return {fmt::format("the list is empty: it has no {} element", what), 0,
          "`coalesce` gives another value where there is none"};
}

FunctionResult first(Arguments arguments, Inputs&) {
  if (list_in(arguments[0]).empty()) return empty_list("first");
  return list_in(arguments[0]).front();
}

FunctionResult last(Arguments arguments, Inputs&) {
  if (list_in(arguments[0]).empty()) return empty_list("last");
  return list_in(arguments[0]).back();
}

FunctionResult min(Arguments arguments, Inputs&) {
  const List& list = list_in(arguments[0]);
  if (list.empty()) return FunctionError{"the list is empty: it has no smallest element", 0, {}};
  if (std::optional<FunctionError> error = not_comparable(list)) return *error;
  return *std::min_element(list.begin(), list.end(), less);
}

FunctionResult max(Arguments arguments, Inputs&) {
  const List& list = list_in(arguments[0]);
  if (list.empty()) return FunctionError{"the list is empty: it has no largest element", 0, {}};
  if (std::optional<FunctionError> error = not_comparable(list)) return *error;
  return *std::max_element(list.begin(), list.end(), less);
}

FunctionResult sum(Arguments arguments, Inputs&) {
  const List& list = list_in(arguments[0]);
  if (list.empty()) return to_value(std::int64_t{0});
  if (std::optional<FunctionError> error = not_comparable(list)) return *error;
  const int sort = sort_of(list.front());
  if (sort == 2 || sort == 5)
    return FunctionError{"texts cannot be added up", 0, "`join(list)` puts them together"};
  const bool whole = std::none_of(list.begin(), list.end(),
                                  [](const Value& value) { return value.as<double>() != nullptr; });
  if (!whole) {
    double total = 0;
    for (const Value& value : list) total += number_in(value);
    return to_value(total);
  }
  std::int64_t total = 0;
  for (const Value& value : list) {
    const std::int64_t one = sort == 1   ? as<std::int64_t>(value)
                             : sort == 3 ? as<Duration>(value).milliseconds
                                         : as<Size>(value).bytes;
    if (__builtin_add_overflow(total, one, &total)) return FunctionError{"the sum is too large", 0, {}};
  }
  if (sort == 3) return to_value(Duration{total});
  if (sort == 4) return to_value(Size{total});
  return to_value(total);
}

FunctionResult chunks(Arguments arguments, Inputs&) {
  const List& list = list_in(arguments[0]);
  const std::int64_t size = as<std::int64_t>(arguments[1]);
  if (size < 1) return FunctionError{fmt::format("pieces of {} elements", size), 1, {}};
  List pieces;
  List piece;
  for (const Value& element : list) {
    piece.push_back(element);
    if (static_cast<std::int64_t>(piece.size()) < size) continue;
    pieces.push_back(to_value(std::move(piece)));
    piece.clear();
  }
  if (!piece.empty()) pieces.push_back(to_value(std::move(piece)));
  return to_value(std::move(pieces));
}

FunctionResult coalesce(Arguments arguments, Inputs&) {
  for (const Value& value : list_in(arguments[0]))
    if (!value.null()) return value;
  return Value{};
}

FunctionResult lookup(Arguments arguments, Inputs&) {
  const Value* found = as<Map>(arguments[0]).find(as<std::string>(arguments[1]));
  return found != nullptr ? *found : arguments[2];
}

FunctionResult zip(Arguments arguments, Inputs&) {
  const List& left = list_in(arguments[0]);
  const List& right = list_in(arguments[1]);
  List pairs;
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i)
    pairs.push_back(to_value(List{left[i], right[i]}));
  return to_value(std::move(pairs));
}

constexpr Row collections_rows[] = {
    {"len", len},           {"range", range},       {"keys", keys}, {"values", values},   {"merge", merge},
    {"flatten", flatten},   {"distinct", distinct}, {"sort", sort}, {"reverse", reverse}, {"first", first},
    {"last", last},         {"min", min},           {"max", max},   {"sum", sum},         {"chunks", chunks},
    {"coalesce", coalesce}, {"lookup", lookup},     {"zip", zip}};

}  // namespace

std::span<const Row> collections() {
  return collections_rows;
}

}  // namespace cairn::functions
