#include <fmt/format.h>

#include "interpreter/lower/demands.h"

namespace cairn {
namespace {

// Where an entry of a map is written, if it is written out; else where the setting is.
Span key_span(const Written& written, const std::string& key, Span otherwise) {
  const syntax::MapLiteral* map = std::get_if<syntax::MapLiteral>(&written.value->is);
  if (map == nullptr) return otherwise;
  for (const syntax::MapEntry& entry : map->entries)
    if (const syntax::Text* text = std::get_if<syntax::Text>(&entry.key->is);
        text != nullptr && text->parts.size() == 1 && text->parts.front().text == key)
      return entry.key->span;
  return otherwise;
}

bool is_host_path(std::string_view text) {
  return text.starts_with("./") || text.starts_with("../") || text.starts_with('~') || text == ".";
}

// The folder of this machine that a mount is, without `readonly` and `subpath`.
const Path* folder_of(const Value& mount) {
  const Value* at = &mount;
  while (const Made* made = at->as<Made>()) {
    if (made->arguments.entries.empty()) return nullptr;
    at = &made->arguments.entries.front().second;
  }
  return at->as<Path>();
}

class PathsInside {
 public:
  PathsInside(Evaluator& evaluator, NodeId id, const Node& node)
      : evaluator_(evaluator), id_(id), node_(node) {}

  void check() {
    keys("mounts");
    keys("files");
    texts("working_dir");
    texts("tmpfs");
  }

 private:
  Diagnostic& wrong(Span span, const std::string& path) {
    return evaluator_.program.diagnostics.error("S0412", span,
                                                fmt::format("`{}` is no place inside of a container", path),
                                                "a path inside begins with `/`");
  }

  void keys(std::string_view setting) {
    const Map* map = node_.value(setting).as<Map>();
    const Written* written = evaluator_.written_setting(id_, setting);
    if (map == nullptr || written == nullptr) return;
    for (const auto& [key, value] : map->entries) {
      const Span span = key_span(*written, key, node_.setting(setting)->span);
      const std::size_t options = key.find(':');
      if (key.starts_with('/') && options == std::string::npos) continue;
      if (key.starts_with('/')) {
        const std::string option = key.substr(options);
        Diagnostic& error = wrong(span, key);
        error.primary.text = fmt::format("`{}` is no part of a path", option);
        if (option == ":ro") error.help(fmt::format("`\"{}\" = readonly(…)`", key.substr(0, options)));
        continue;
      }
      Diagnostic& error = wrong(span, key);
      const Path* folder = setting == "mounts" ? folder_of(value) : nullptr;
      const bool turned = folder != nullptr && folder->text.starts_with('/');
      if (turned && is_host_path(key))
        error.help(fmt::format("the place inside comes first: `\"{}\" = \"{}\"`", folder->text, key));
      else if (turned)
        error.help(fmt::format("the place inside comes first: `\"{}\" = {}`", folder->text, key));
      else
        error.help(fmt::format("`\"/{}\"`", key));
    }
  }

  void texts(std::string_view setting) {
    const Value& value = node_.value(setting);
    if (value.null()) return;
    const Span span = node_.setting(setting) == nullptr ? node_.span : node_.setting(setting)->span;
    const auto check = [&](const Value& each) {
      const std::string* text = each.as<std::string>();
      if (text == nullptr || text->starts_with('/')) return;
      wrong(span, *text).help(fmt::format("`\"/{}\"`", text->starts_with("./") ? text->substr(2) : *text));
    };
    check(value);
    if (const List* list = value.as<List>())
      for (const Value& each : *list) check(each);
  }

  Evaluator& evaluator_;
  NodeId id_;
  const Node& node_;
};

}  // namespace

void check_paths_inside(Evaluator& evaluator, NodeId id, const Node& node) {
  if ((node.kind != "run" && node.kind != "service") || node.value("image").null()) return;
  PathsInside(evaluator, id, node).check();
}

}  // namespace cairn
