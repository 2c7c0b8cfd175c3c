#include "runtime/array/simulator/filter.h"

#include <optional>

#include "runtime/array/simulator/exchange.h"
#include "runtime/array/simulator/state.h"

namespace cairn::array::simulator {
namespace {

using nlohmann::json;

class Filter {
 public:
  Filter(std::string_view text, const json& item) : all_(text), rest_(text), item_(item) {}

  bool passes() {
    const bool result = either();
    skip();
    if (!rest_.empty()) fail();
    return result;
  }

 private:
  [[noreturn]] void fail() const {
    throw Refusal{std::string(all_), "Invalid filter near `" + std::string(rest_) + "`."};
  }
  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool take(std::string_view token) {
    skip();
    if (rest_.substr(0, token.size()) != token) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  static bool in_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
  }
  std::string_view peek_word() {
    skip();
    std::size_t length = 0;
    while (length < rest_.size() && in_word(rest_[length])) ++length;
    return rest_.substr(0, length);
  }
  bool take_word(std::string_view wanted) {
    if (peek_word() != wanted) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }
  void need(std::string_view token) {
    if (!take(token)) fail();
  }

  // Both sides are always read, so that a mistake anywhere is found.
  bool either() {
    bool result = both();
    while (take_word("or") || take("|")) {
      const bool right = both();
      result = result || right;
    }
    return result;
  }
  bool both() {
    bool result = single();
    while (take_word("and") || take("&")) {
      const bool right = single();
      result = result && right;
    }
    return result;
  }
  bool single() {
    if (take("(")) {
      const bool result = either();
      need(")");
      return result;
    }
    const std::string name(peek_word());
    if (name.empty()) fail();
    rest_.remove_prefix(name.size());
    if (name == "not" && take("(")) {
      const bool result = either();
      need(")");
      return !result;
    }
    if (name == "contains" && take("(")) {
      const std::string field(peek_word());
      rest_.remove_prefix(field.size());
      need(",");
      const std::string part = literal();
      need(")");
      const std::optional<std::string> value = text_of(field);
      return value && matches("*" + part + "*", *value);
    }
    if (name == "tags" && take("(")) {
      const std::string key = literal();
      need(",");
      const std::string value = literal();
      need(")");
      return item_.contains("tags") && item_["tags"].is_object() && item_["tags"].value(key, "") == value &&
             item_["tags"].contains(key);
    }
    skip();
    for (const std::string_view comparison : {"!=", "<=", ">=", "=", "<", ">"}) {
      if (take(comparison)) return compare(name, comparison);
    }
    const std::optional<std::string> value = text_of(name);
    return value && *value != "false";
  }

  bool compare(const std::string& field, std::string_view comparison) {
    const std::optional<std::string> value = text_of(field);
    if (take("(")) {
      bool found = false;
      do {
        const std::string one = literal();
        found = found || (value && matches(one, *value));
      } while (take(","));
      need(")");
      return comparison == "!=" ? !found : found;
    }
    const std::string wanted = literal();
    if (comparison == "=" || comparison == "!=") {
      const bool equal = value && matches(wanted, *value);
      return (comparison == "=") == equal;
    }
    if (!value) return false;
    int order = value->compare(wanted);
    try {
      const double left = std::stod(*value), right = std::stod(wanted);
      order = left < right ? -1 : left > right ? 1 : 0;
    } catch (const std::exception&) {  // not numbers: as texts
    }
    if (comparison == "<") return order < 0;
    if (comparison == "<=") return order <= 0;
    if (comparison == ">") return order > 0;
    return order >= 0;
  }

  std::string literal() {
    skip();
    if (rest_.empty()) fail();
    if (rest_.front() != '\'' && rest_.front() != '"') {
      const std::string bare(peek_word());
      if (bare.empty()) fail();
      rest_.remove_prefix(bare.size());
      return bare;
    }
    const char quote = rest_.front();
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty() && rest_.front() != quote) {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) fail();
    rest_.remove_prefix(1);
    return text;
  }

  std::optional<std::string> text_of(std::string_view field) const {
    const json* at = &item_;
    while (!field.empty()) {
      const std::string part(field.substr(0, field.find('.')));
      field.remove_prefix(std::min(field.size(), part.size() + 1));
      if (!at->is_object() || !at->contains(part)) return {};
      at = &(*at)[part];
    }
    if (at->is_null() || (at->is_object() && at->empty())) return {};
    return at->is_string() ? at->get<std::string>() : at->dump();
  }

  const std::string_view all_;
  std::string_view rest_;
  const json& item_;
};

}  // namespace

bool passes(std::string_view filter, const json& item) {
  return Filter(filter, item).passes();
}

}  // namespace cairn::array::simulator
