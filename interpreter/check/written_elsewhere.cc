#include "interpreter/check/written_elsewhere.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "interpreter/check/typer.h"

namespace cairn {
namespace {

using Form = Type::Form;

std::optional<std::string> text_of(const syntax::Expr& expression) {
  const syntax::Text* text = std::get_if<syntax::Text>(&expression.is);
  if (text == nullptr || text->parts.size() > 1) return std::nullopt;
  if (text->parts.empty()) return std::string();
  if (text->parts.front().hole) return std::nullopt;
  return text->parts.front().text;
}

// The texts of a list, or the one text; nothing when there is anything else.
std::optional<std::vector<std::string>> texts_of(const syntax::Expr& written) {
  std::vector<std::string> texts;
  if (const syntax::ListLiteral* list = std::get_if<syntax::ListLiteral>(&written.is)) {
    for (const syntax::ExprPtr& item : list->items) {
      std::optional<std::string> text = text_of(*item);
      if (!text) return std::nullopt;
      texts.push_back(std::move(*text));
    }
  } else if (std::optional<std::string> text = text_of(written)) {
    texts.push_back(std::move(*text));
  }
  if (texts.empty()) return std::nullopt;
  return texts;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string as_key(const std::string& text) {
  return is_word(text) ? text : fmt::format("\"{}\"", text);
}

bool is_host_path(std::string_view text) {
  return text.starts_with('.') || text.starts_with('/') || text.starts_with('~');
}

// "./src:/app", "data:/data:ro"
std::optional<std::string> mount_entry(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  std::string target = text.substr(colon + 1);
  bool read_only = false;
  if (const std::size_t options = target.find(':'); options != std::string::npos) {
    read_only = target.substr(options).find("ro") != std::string::npos;
    target.resize(options);
  }
  const std::string source = text.substr(0, colon);
  const std::string from = is_host_path(source) ? fmt::format("\"{}\"", source) : source;
  return fmt::format("\"{}\" = {}", target, read_only ? fmt::format("readonly({})", from) : from);
}

const syntax::Expr* entry_of(const syntax::MapLiteral& map, std::initializer_list<std::string_view> keys) {
  for (const syntax::MapEntry& entry : map.entries)
    for (const std::string_view key : keys)
      if (text_of(*entry.key) == key) return entry.value.get();
  return nullptr;
}

// Compose's long form: `{ type = "bind", source = "./src", target = "/app", read_only = true }`.
std::optional<std::string> long_mount_entry(const syntax::MapLiteral& map) {
  const syntax::Expr* source = entry_of(map, {"source", "src"});
  const syntax::Expr* target = entry_of(map, {"target", "destination", "dst"});
  if (source == nullptr || target == nullptr || !text_of(*source) || !text_of(*target)) return std::nullopt;
  const syntax::Expr* protection = entry_of(map, {"read_only", "readonly"});
  const syntax::BoolLiteral* read_only =
      protection == nullptr ? nullptr : std::get_if<syntax::BoolLiteral>(&protection->is);
  return mount_entry(*text_of(*source) + ":" + *text_of(*target) +
                     (read_only != nullptr && read_only->value ? ":ro" : ""));
}

std::optional<std::string> number_or_text(const syntax::Expr& expression) {
  if (const syntax::IntLiteral* number = std::get_if<syntax::IntLiteral>(&expression.is))
    return std::to_string(number->value);
  return text_of(expression);
}

std::optional<std::string> joined_map(const std::vector<std::optional<std::string>>& entries) {
  std::string all;
  for (const std::optional<std::string>& entry : entries) {
    if (!entry) return std::nullopt;
    all += fmt::format("{}{}", all.empty() ? "" : ", ", *entry);
  }
  return "{ " + all + " }";
}

}  // namespace

std::optional<std::string> as_map_of_settings(const syntax::Expr& written, const Type& wanted_map) {
  const bool mounts = alternative(wanted_map.of.front(), Form::made) != nullptr;
  std::vector<std::optional<std::string>> entries;
  if (const auto texts = texts_of(written)) {
    for (const std::string& text : *texts) {
      if (mounts) {
        entries.push_back(mount_entry(text));
        continue;
      }
      const std::size_t sign = std::min(text.find('='), text.find(':'));
      if (sign == std::string::npos || sign == 0) return std::nullopt;
      entries.push_back(fmt::format("{} = \"{}\"", as_key(text.substr(0, sign)), text.substr(sign + 1)));
    }
    return joined_map(entries);
  }
  const syntax::ListLiteral* list = std::get_if<syntax::ListLiteral>(&written.is);
  if (list == nullptr || list->items.empty()) return std::nullopt;
  for (const syntax::ExprPtr& item : list->items) {
    const syntax::MapLiteral* map = std::get_if<syntax::MapLiteral>(&item->is);
    if (map == nullptr) return std::nullopt;
    if (mounts) {
      entries.push_back(long_mount_entry(*map));
      continue;
    }
    const syntax::Expr* name = entry_of(*map, {"name", "key"});  // a list of `{ name = …, value = … }`
    const syntax::Expr* value = entry_of(*map, {"value"});
    if (name == nullptr || value == nullptr || !text_of(*name) || !text_of(*value)) return std::nullopt;
    entries.push_back(fmt::format("{} = \"{}\"", as_key(*text_of(*name)), *text_of(*value)));
  }
  return joined_map(entries);
}

std::optional<std::string> as_list_of_elements(const syntax::Expr& written, const Type& element,
                                               const Sources& sources) {
  const syntax::MapLiteral* map = std::get_if<syntax::MapLiteral>(&written.is);
  if (map == nullptr || map->entries.empty()) return std::nullopt;
  const Type* text = alternative(element, Form::string);
  const bool ports = text != nullptr && text->text == "port_mapping";
  // The long form of one port, or what GitLab and Actions call the files themselves.
  if (const syntax::Expr* target = ports ? entry_of(*map, {"target"}) : nullptr) {
    const syntax::Expr* published = entry_of(*map, {"published"});
    const auto inner = number_or_text(*target);
    const auto outer = published == nullptr ? std::nullopt : number_or_text(*published);
    if (!inner) return std::nullopt;
    return outer ? fmt::format("\"{}:{}\"", *outer, *inner) : *inner;
  }
  if (const syntax::Expr* paths = entry_of(*map, {"paths", "path"}))
    return std::string(sources.text(paths->span));
  if (ports && entry_of(*map, {"published", "protocol"}) != nullptr) return std::nullopt;
  std::string all;
  for (const syntax::MapEntry& entry : map->entries) {
    const std::optional<std::string> key = text_of(*entry.key);
    if (!key) return std::nullopt;
    std::string shown;
    if (alternative(element, Form::node) != nullptr) {
      if (!is_word(*key)) return std::nullopt;
      shown = *key;
    } else if (text != nullptr) {
      const auto value = number_or_text(*entry.value);
      if (!value) return std::nullopt;
      shown = fmt::format("\"{}:{}\"", *key, *value);
    } else {
      return std::nullopt;
    }
    all += (all.empty() ? "" : ", ") + shown;
  }
  return "[" + all + "]";
}

}  // namespace cairn
