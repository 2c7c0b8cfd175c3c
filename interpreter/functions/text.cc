// Texts: parts, letters, patterns.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "interpreter/functions/families.h"

namespace cairn::functions {
namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string shown(const Value& value) {
  return value.secret ? "this secret" : "`" + show(value) + "`";
}

FunctionResult string(Arguments arguments, Inputs&) {
  return to_value(plain_text(arguments[0]));
}

FunctionResult integer(Arguments arguments, Inputs&) {
  const Value& from = arguments[0];
  if (from.as<std::int64_t>() != nullptr) return from;
  if (const double* number = from.as<double>()) {
    if (!(std::abs(*number) < 9.2e18))
      return FunctionError{fmt::format("{} is too large for an int", shown(from)), 0, {}};
    return to_value(static_cast<std::int64_t>(*number));
  }
  std::string_view text = trimmed(as<std::string>(from));
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range)
    return FunctionError{fmt::format("{} is too large for an int", shown(from)), 0, {}};
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return FunctionError{fmt::format("{} is not a whole number", shown(from)), 0, {}};
  return to_value(number);
}

FunctionResult floating(Arguments arguments, Inputs&) {
  const Value& from = arguments[0];
  if (from.as<double>() != nullptr) return from;
  if (const std::int64_t* number = from.as<std::int64_t>()) return to_value(static_cast<double>(*number));
  std::string_view text = trimmed(as<std::string>(from));
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
    return FunctionError{fmt::format("{} is not a number", shown(from)), 0, {}};
  return to_value(number);
}

FunctionResult upper(Arguments arguments, Inputs&) {
  std::string text = as<std::string>(arguments[0]);
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return to_value(std::move(text));
}

FunctionResult lower(Arguments arguments, Inputs&) {
  std::string text = as<std::string>(arguments[0]);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return to_value(std::move(text));
}

FunctionResult trim(Arguments arguments, Inputs&) {
  return to_value(trimmed(as<std::string>(arguments[0])));
}

FunctionResult split(Arguments arguments, Inputs&) {
  const std::string& text = as<std::string>(arguments[0]);
  const std::string& by = as<std::string>(arguments[1]);
  if (by.empty()) return FunctionError{"the separator is empty", 1, "`lines(text)` splits at line ends"};
  List parts;
  std::size_t begin = 0;
  for (std::size_t end = text.find(by); end != std::string::npos; end = text.find(by, begin)) {
    parts.push_back(to_value(text.substr(begin, end - begin)));
    begin = end + by.size();
  }
  parts.push_back(to_value(text.substr(begin)));
  return to_value(std::move(parts));
}

FunctionResult join(Arguments arguments, Inputs&) {
  const std::string& by = as<std::string>(arguments[1]);
  std::string text;
  bool first = true;
  for (const Value& element : as<List>(arguments[0])) {
    if (!first) text += by;
    text += plain_text(element);
    first = false;
    if (text.size() > longest_text) return FunctionError{"the text would be longer than 64 MiB", 0, {}};
  }
  return to_value(std::move(text));
}

FunctionResult replace(Arguments arguments, Inputs&) {
  const std::string& text = as<std::string>(arguments[0]);
  const std::string& old = as<std::string>(arguments[1]);
  const std::string& by = as<std::string>(arguments[2]);
  if (old.empty()) return FunctionError{"the text to replace is empty", 1, {}};
  std::string result;
  std::size_t begin = 0;
  for (std::size_t at = text.find(old); at != std::string::npos; at = text.find(old, begin)) {
    result.append(text, begin, at - begin).append(by);
    begin = at + old.size();
    if (result.size() > longest_text) return FunctionError{"the text would be longer than 64 MiB", 0, {}};
  }
  return to_value(result.append(text, begin));
}

// RE2 takes time in proportion to the text, whatever the pattern.
RE2::Options quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(16 << 20);
  return options;
}

FunctionError not_a_pattern(const RE2& pattern) {
  return {fmt::format("the pattern is not a regular expression: {}", pattern.error()), 1,
          "`'…'` takes `\\d` and the like as they stand"};
}

FunctionResult matches(Arguments arguments, Inputs&) {
  const RE2 pattern(as<std::string>(arguments[1]), quiet());
  if (!pattern.ok()) return not_a_pattern(pattern);
  return to_value(RE2::PartialMatch(as<std::string>(arguments[0]), pattern));
}

FunctionResult capture(Arguments arguments, Inputs&) {
  const std::string& text = as<std::string>(arguments[0]);
  const RE2 pattern(as<std::string>(arguments[1]), quiet());
  if (!pattern.ok()) return not_a_pattern(pattern);
  const int groups = pattern.NumberOfCapturingGroups();
  std::int64_t group = as<std::int64_t>(arguments[2]);
  if (group == 1 && groups == 0) group = 0;
  if (group < 0 || group > groups)
    return FunctionError{fmt::format("the pattern has {} group{}", groups, groups == 1 ? "" : "s"), 2, {}};
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups) + 1);
  if (!pattern.Match(text, 0, text.size(), RE2::UNANCHORED, found.data(), groups + 1)) return Value{};
  const re2::StringPiece& part = found[static_cast<std::size_t>(group)];
  if (part.data() == nullptr) return Value{};  // a group that took no part
  return to_value(std::string(part.data(), part.size()));
}

FunctionResult starts_with(Arguments arguments, Inputs&) {
  return to_value(as<std::string>(arguments[0]).starts_with(as<std::string>(arguments[1])));
}
FunctionResult ends_with(Arguments arguments, Inputs&) {
  return to_value(as<std::string>(arguments[0]).ends_with(as<std::string>(arguments[1])));
}

FunctionResult contains(Arguments arguments, Inputs&) {
  const Value& what = arguments[1];
  if (const List* list = arguments[0].as<List>())
    return to_value(
        std::any_of(list->begin(), list->end(), [&](const Value& element) { return equal(element, what); }));
  const std::string* text = what.as<std::string>();
  if (text == nullptr)
    return FunctionError{
        arguments[0].as<Map>() != nullptr ? "the keys of a map are strings" : "a text holds strings only",
        1,
        {}};
  if (const Map* map = arguments[0].as<Map>()) return to_value(map->find(*text) != nullptr);
  return to_value(as<std::string>(arguments[0]).find(*text) != std::string::npos);
}

FunctionResult lines(Arguments arguments, Inputs&) {
  std::string_view text = as<std::string>(arguments[0]);
  List all;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    all.push_back(to_value(line));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return to_value(std::move(all));
}

constexpr Row text_rows[] = {{"string", string},       {"int", integer},       {"float", floating},
                             {"upper", upper},         {"lower", lower},       {"trim", trim},
                             {"split", split},         {"join", join},         {"replace", replace},
                             {"matches", matches},     {"capture", capture},   {"starts_with", starts_with},
                             {"ends_with", ends_with}, {"contains", contains}, {"lines", lines}};

}  // namespace

std::span<const Row> text() {
  return text_rows;
}

}  // namespace cairn::functions
