#include "interpreter/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace cairn {
namespace {

constexpr std::string_view secret_mark = "•••";

std::string shown_duration(std::int64_t milliseconds) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> units = {
      {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
  if (milliseconds == 0) return "0s";
  std::string text = milliseconds < 0 ? "-" : "";
  // Unsigned, so that the smallest number has a positive twin.
  std::uint64_t rest = milliseconds < 0 ? ~static_cast<std::uint64_t>(milliseconds) + 1
                                        : static_cast<std::uint64_t>(milliseconds);
  for (const auto& [name, unit] : units) {
    if (rest >= unit) text += fmt::format("{}{}", rest / unit, name);
    rest %= unit;
  }
  return text;
}

// The shortest literal that is exactly this many bytes; of equals the binary one.
std::string shown_size(std::int64_t bytes) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> units = {{{"KiB", 1LL << 10},
                                                                               {"MiB", 1LL << 20},
                                                                               {"GiB", 1LL << 30},
                                                                               {"TiB", 1LL << 40},
                                                                               {"kB", 1000},
                                                                               {"MB", 1'000'000},
                                                                               {"GB", 1'000'000'000},
                                                                               {"TB", 1'000'000'000'000}}};
  std::string best = fmt::format("{}B", bytes);
  if (bytes == 0) return best;
  std::size_t digits = best.size();
  for (const auto& [name, unit] : units) {
    if (bytes % unit != 0) continue;
    const std::string number = fmt::format("{}", bytes / unit);
    if (number.size() >= digits) continue;
    digits = number.size();
    best = number + std::string(name);
  }
  return best;
}

std::string shown_float(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find('e') != std::string::npos) {
    // The language has no exponents: written out, with as many places as tell it from its neighbours.
    text = fmt::format("{:.{}f}", number, std::fabs(number) < 1 ? 340 : 1);
    while (text.ends_with('0') && text.find('.') != std::string::npos && !text.ends_with(".0"))
      text.pop_back();
  }
  if (text.find('.') == std::string::npos && std::isfinite(number)) text += ".0";
  return text;
}

std::string shown_string(std::string_view text) {
  std::string quoted = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '$':
        if (i + 1 < text.size() && text[i + 1] == '{') quoted += '\\';
        quoted += '$';
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
          quoted += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(c));
        else
          quoted += c;
    }
  }
  return quoted + '"';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Whether a map's key can be written without quotes.
bool is_word(std::string_view text) {
  if (text.empty() || !is_letter(text.front()) || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

struct Shower {
  std::string operator()(const Null&) const { return "null"; }
  std::string operator()(bool is) const { return is ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(double number) const { return shown_float(number); }
  std::string operator()(const std::string& text) const { return shown_string(text); }
  std::string operator()(const Duration& duration) const { return shown_duration(duration.milliseconds); }
  std::string operator()(const Size& size) const { return shown_size(size.bytes); }
  std::string operator()(const Path& path) const { return shown_string(path.text); }
  std::string operator()(const List& list) const {
    std::string text = "[";
    for (const Value& element : list) text += (text.size() > 1 ? ", " : "") + show(element);
    return text + "]";
  }
  std::string operator()(const Map& map) const {
    if (map.entries.empty()) return "{}";
    std::string text = "{ ";
    for (const auto& [key, element] : map.entries) {
      if (text.size() > 2) text += ", ";
      text += (is_word(key) ? key : shown_string(key)) + " = " + show(element);
    }
    return text + " }";
  }
  std::string operator()(const NodeRef& ref) const {
    return ref.node == no_node ? std::string("<no node>")
                               : fmt::format("<node {}>", static_cast<std::uint32_t>(ref.node));
  }
  std::string operator()(const Made& made) const {
    std::string text = made.function + "(";
    bool first = true;
    for (const auto& [name, argument] : made.arguments.entries) {
      if (argument.null()) continue;
      text += (first ? "" : ", ") + name + " = " + show(argument);
      first = false;
    }
    return text + ")";
  }
  std::string operator()(const Late&) const { return "<late>"; }
};

bool equal_entries(const Map& a, const Map& b) {
  if (a.entries.size() != b.entries.size()) return false;
  return std::all_of(a.entries.begin(), a.entries.end(), [&](const auto& entry) {
    const Value* other = b.find(entry.first);
    return other != nullptr && equal(entry.second, *other);
  });
}

// Applies `matches` to the value and to all that it holds.
template <class Matches>
bool anywhere(const Value& value, const Matches& matches) {
  if (matches(value)) return true;
  const auto in_map = [&](const Map& map) {
    return std::any_of(map.entries.begin(), map.entries.end(),
                       [&](const auto& entry) { return anywhere(entry.second, matches); });
  };
  if (const List* list = value.as<List>())
    return std::any_of(list->begin(), list->end(),
                       [&](const Value& element) { return anywhere(element, matches); });
  if (const Map* map = value.as<Map>()) return in_map(*map);
  if (const Made* made = value.as<Made>()) return in_map(made->arguments);
  return false;
}

}  // namespace

Map::Map() = default;
Map::Map(const Map&) = default;
Map::Map(Map&&) noexcept = default;
Map& Map::operator=(const Map&) = default;
Map& Map::operator=(Map&&) noexcept = default;
Map::~Map() = default;

const Value* Map::find(std::string_view key) const {
  for (const auto& [name, value] : entries)
    if (name == key) return &value;
  return nullptr;
}

void Map::set(std::string key, Value value) {
  for (auto& [name, old] : entries)
    if (name == key) {
      old = std::move(value);
      return;
    }
  entries.emplace_back(std::move(key), std::move(value));
}

bool Value::late_anywhere() const {
  return anywhere(*this, [](const Value& value) { return value.late(); });
}

bool Value::secret_anywhere() const {
  return anywhere(*this, [](const Value& value) { return value.secret; });
}

bool equal(const Value& a, const Value& b) {
  const std::int64_t* whole_a = a.as<std::int64_t>();
  const std::int64_t* whole_b = b.as<std::int64_t>();
  const double* float_a = a.as<double>();
  const double* float_b = b.as<double>();
  if (whole_a != nullptr && float_b != nullptr) return static_cast<double>(*whole_a) == *float_b;
  if (float_a != nullptr && whole_b != nullptr) return *float_a == static_cast<double>(*whole_b);
  if (a.is.index() != b.is.index()) return false;
  if (const List* list = a.as<List>())
    return std::equal(list->begin(), list->end(), b.as<List>()->begin(), b.as<List>()->end(), equal);
  if (const Map* map = a.as<Map>()) return equal_entries(*map, *b.as<Map>());
  if (const Made* made = a.as<Made>())
    return made->function == b.as<Made>()->function &&
           equal_entries(made->arguments, b.as<Made>()->arguments);
  if (const Late* late = a.as<Late>()) return late->expression == b.as<Late>()->expression;
  if (const std::string* text = a.as<std::string>()) return *text == *b.as<std::string>();
  if (const bool* is = a.as<bool>()) return *is == *b.as<bool>();
  if (whole_a != nullptr) return *whole_a == *whole_b;
  if (float_a != nullptr) return *float_a == *float_b;
  if (const Duration* duration = a.as<Duration>()) return *duration == *b.as<Duration>();
  if (const Size* size = a.as<Size>()) return *size == *b.as<Size>();
  if (const Path* path = a.as<Path>()) return *path == *b.as<Path>();
  if (const NodeRef* ref = a.as<NodeRef>()) return *ref == *b.as<NodeRef>();
  return true;  // both null
}

std::string show(const Value& value) {
  if (value.secret) return std::string(secret_mark);
  return std::visit(Shower{}, value.is);
}

std::string plain_text(const Value& value) {
  if (const std::string* text = value.as<std::string>()) return *text;
  if (const Path* path = value.as<Path>()) return path->text;
  if (value.null()) return {};
  return std::visit(Shower{}, value.is);
}

}  // namespace cairn
