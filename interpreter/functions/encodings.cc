// Texts in other clothes: hashes, base64, URLs, shell words, JSON.
#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "interpreter/functions/families.h"

namespace cairn::functions {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t deepest_json = 200;
constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

FunctionResult sha256(Arguments arguments, Inputs&) {
  const std::string& text = as<std::string>(arguments[0]);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return to_value(std::move(hex));
}

FunctionResult base64_encode(Arguments arguments, Inputs&) {
  const std::string& text = as<std::string>(arguments[0]);
  std::string encoded;
  encoded.reserve((text.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const std::size_t here = std::min<std::size_t>(3, text.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < here ? static_cast<unsigned char>(text[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      encoded += k <= here ? base64_letters[group >> (18 - 6 * k) & 63] : '=';
  }
  return to_value(std::move(encoded));
}

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned char lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80       ? 1
                               : lead >> 5 == 6  ? 2
                               : lead >> 4 == 14 ? 3
                               : lead >> 3 == 30 ? 4
                                                 : 0;
    if (length == 0 || i + length > text.size()) return false;
    std::uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const unsigned char next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 2) return false;
      point = point << 6 | (next & 63u);
    }
    constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += length;
  }
  return true;
}

FunctionResult base64_decode(Arguments arguments, Inputs&) {
  std::string decoded;
  std::uint32_t group = 0;
  int bits = 0;
  std::size_t letters = 0;
  bool ended = false;
  for (char c : as<std::string>(arguments[0])) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    if (c == '=') {
      ended = true;
      continue;
    }
    if (c == '-') c = '+';
    if (c == '_') c = '/';
    const std::size_t at = base64_letters.find(c);
    if (at == std::string_view::npos || ended) return FunctionError{"this is not base64", 0, {}};
    ++letters;
    group = group << 6 | static_cast<std::uint32_t>(at);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      decoded += static_cast<char>(group >> bits & 0xff);
    }
  }
  if (letters % 4 == 1) return FunctionError{"this is not base64: its last letter stands for nothing", 0, {}};
  if (!is_utf8(decoded)) return FunctionError{"what stands behind this base64 is not a text", 0, {}};
  return to_value(std::move(decoded));
}

FunctionResult url_encode(Arguments arguments, Inputs&) {
  std::string encoded;
  for (const char c : as<std::string>(arguments[0])) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return to_value(std::move(encoded));
}

FunctionResult shell_quote(Arguments arguments, Inputs&) {
  const std::string& text = as<std::string>(arguments[0]);
  constexpr std::string_view safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:@%+,";
  if (!text.empty() && text.find_first_not_of(safe) == std::string::npos) return to_value(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return to_value(quoted + "'");
}

// What cannot be written as JSON; empty when all can.
std::string refused(const Value& value) {
  if (value.as<NodeRef>() != nullptr) return "a block";
  if (value.as<Made>() != nullptr) return fmt::format("`{}(…)`", value.as<Made>()->function);
  if (const List* list = value.as<List>())
    for (const Value& element : *list)
      if (std::string why = refused(element); !why.empty()) return why;
  if (const Map* map = value.as<Map>())
    for (const auto& [key, element] : map->entries)
      if (std::string why = refused(element); !why.empty()) return why;
  return {};
}

Json to_json(const Value& value) {
  if (value.null()) return nullptr;
  if (const bool* is = value.as<bool>()) return *is;
  if (const std::int64_t* number = value.as<std::int64_t>()) return *number;
  if (const double* number = value.as<double>()) return *number;
  if (const List* list = value.as<List>()) {
    Json array = Json::array();
    for (const Value& element : *list) array.push_back(to_json(element));
    return array;
  }
  if (const Map* map = value.as<Map>()) {
    Json object = Json::object();
    // Keys are distinct already: appended without a search for each.
    for (const auto& [key, element] : map->entries)
      object.get_ref<Json::object_t&>().emplace_back(key, to_json(element));
    return object;
  }
  return plain_text(value);
}

FunctionResult json(Arguments arguments, Inputs&) {
  if (std::string why = refused(arguments[0]); !why.empty())
    return FunctionError{fmt::format("{} cannot be written as JSON", why), 0,
                         "name the value of it that is meant"};
  return to_value(to_json(arguments[0]).dump(-1, ' ', false, Json::error_handler_t::replace));
}

// Builds the value while the text is read: in time proportional to the text, and never deeper than allowed.
class JsonReader : public Json::json_sax_t {
 public:
  Value root;
  std::size_t wrong_at = 0;
  bool too_deep = false;

  bool null() override { return add(Value{}); }
  bool boolean(bool is) override { return add(to_value(is)); }
  bool number_integer(std::int64_t number) override { return add(to_value(number)); }
  bool number_unsigned(std::uint64_t number) override {
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return add(to_value(static_cast<double>(number)));
    return add(to_value(static_cast<std::int64_t>(number)));
  }
  bool number_float(double number, const std::string&) override { return add(to_value(number)); }
  bool string(std::string& text) override { return add(to_value(std::move(text))); }
  bool binary(Json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(to_value(Map{})); }
  bool start_array(std::size_t) override { return open(to_value(List{})); }
  bool key(std::string& name) override {
    open_.back().key = std::move(name);
    return true;
  }
  bool end_array() override { return close(); }
  bool end_object() override {
    keep_last_of_each(std::get<Map>(open_.back().value.is));
    return close();
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    wrong_at = position;
    return false;
  }

 private:
  struct Open {
    Value value;
    std::string key;
  };

  bool open(Value value) {
    too_deep = open_.size() >= deepest_json;
    if (!too_deep) open_.push_back({std::move(value), {}});
    return !too_deep;
  }

  bool add(Value value) {
    if (open_.empty())
      root = std::move(value);
    else if (List* list = std::get_if<List>(&open_.back().value.is))
      list->push_back(std::move(value));
    else
      std::get<Map>(open_.back().value.is)
          .entries.emplace_back(std::move(open_.back().key), std::move(value));
    return true;
  }

  bool close() {
    Value whole = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(whole));
  }

  static void keep_last_of_each(Map& map) {
    std::unordered_map<std::string_view, std::size_t> last;
    for (std::size_t i = 0; i < map.entries.size(); ++i) last[map.entries[i].first] = i;
    if (last.size() == map.entries.size()) return;
    std::vector<std::pair<std::string, Value>> kept;
    for (std::size_t i = 0; i < map.entries.size(); ++i)
      if (last[map.entries[i].first] == i) kept.push_back(map.entries[i]);
    map.entries = std::move(kept);
  }

  std::vector<Open> open_;
};

// The text itself is not shown: it may be a secret.
FunctionResult parse_json(Arguments arguments, Inputs&) {
  const std::string& text = as<std::string>(arguments[0]);
  JsonReader reader;
  if (Json::sax_parse(text, &reader)) return std::move(reader.root);
  if (reader.too_deep) return FunctionError{"this JSON nests more than 200 levels deep", 0, {}};
  if (text.empty()) return FunctionError{"an empty text is not JSON", 0, {}};
  const auto wrong = text.begin() + static_cast<std::ptrdiff_t>(std::min(reader.wrong_at, text.size()));
  return FunctionError{fmt::format("this is not JSON: it goes wrong in line {}, at byte {}",
                                   std::count(text.begin(), wrong, '\n') + 1, reader.wrong_at),
                       0,
                       {}};
}

constexpr Row encodings_rows[] = {
    {"sha256", sha256},         {"base64_encode", base64_encode}, {"base64_decode", base64_decode},
    {"url_encode", url_encode}, {"shell_quote", shell_quote},     {"json", json},
    {"parse_json", parse_json}};

}  // namespace

std::span<const Row> encodings() {
  return encodings_rows;
}

}  // namespace cairn::functions
