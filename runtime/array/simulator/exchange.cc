#include "runtime/array/simulator/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "runtime/array/simulator/state.h"

namespace cairn::array::simulator {
namespace {

using nlohmann::json;

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

}  // namespace

std::string Asked::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (std::equal(key.begin(), key.end(), name.begin(), name.end(),
                   [](char a, char b) { return lower(a) == lower(b); })) {
      return value;
    }
  }
  return {};
}

Answer json_answer(int status, const json& body) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

json parameters_of(const Asked& asked) {
  json parameters = json::object();
  const json body = json::parse(asked.body, nullptr, false);
  if (body.is_object()) parameters = body;
  std::string_view rest = asked.query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (pair.empty()) continue;
    const std::string value =
        equals == std::string_view::npos ? "" : percent_decoded(pair.substr(equals + 1));
    parameters[percent_decoded(pair.substr(0, equals))] = value;
  }
  return parameters;
}

bool has(const json& parameters, const char* key) {
  return parameters.contains(key) && !parameters[key].is_null();
}

bool flag(const json& parameters, const char* key, bool otherwise) {
  if (!has(parameters, key)) return otherwise;
  const json& value = parameters[key];
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) {
    std::string text = value.get<std::string>();
    std::transform(text.begin(), text.end(), text.begin(), lower);
    return text == "true" || text == "1" || text == "yes";
  }
  return value.is_number_integer() && value.get<int>() != 0;
}

std::string word(const json& parameters, const char* key) {
  if (!has(parameters, key)) return {};
  const json& value = parameters[key];
  if (value.is_string()) return value.get<std::string>();
  return value.is_array() && value.size() == 1 && value[0].is_string() ? value[0].get<std::string>()
                                                                       : value.dump();
}

std::vector<std::string> words(const json& parameters, const char* key) {
  std::vector<std::string> list;
  if (!has(parameters, key)) return list;
  const json& value = parameters[key];
  if (value.is_array()) {
    for (const json& item : value) {
      if (item.is_string()) list.push_back(item.get<std::string>());
    }
    return list;
  }
  std::string_view rest;
  const std::string text = word(parameters, key);
  for (rest = text; !rest.empty();) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    if (!item.empty()) list.emplace_back(item);
  }
  return list;
}

std::uint64_t amount(const json& parameters, const char* key, std::uint64_t otherwise) {
  if (!has(parameters, key)) return otherwise;
  const json& value = parameters[key];
  if (value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0)) {
    return value.get<std::uint64_t>();
  }
  const std::string text = value.is_string() ? value.get<std::string>() : std::string();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::string_view kUnits = "KMGTP";
  if (error == std::errc() && unit.empty()) return number;
  if (error == std::errc() && (unit == "S" || unit == "s")) return number * 512;
  const std::size_t power =
      unit.size() == 1 ? kUnits.find(static_cast<char>(std::toupper(unit[0]))) : std::string::npos;
  if (error != std::errc() || power == std::string::npos || number > (std::uint64_t{1} << 53)) {
    throw Refusal{key, "Invalid size: " + value.dump()};
  }
  return number << (10 * (power + 1));
}

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) {
    return std::equal(pattern.begin(), pattern.end(), text.begin(), text.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
  }
  if (text.size() < star || !matches(pattern.substr(0, star), text.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t from = star; from <= text.size(); ++from) {
    if (matches(rest, text.substr(from))) return true;
  }
  return false;
}

std::string iso_time(std::int64_t ms) {
  const std::chrono::sys_time<std::chrono::seconds> moment{std::chrono::seconds(ms / 1000)};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(moment - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace cairn::array::simulator
