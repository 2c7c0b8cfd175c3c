#include "runtime/kinds/value_hash.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "grammar/syntax.h"
#include "interpreter/environment.h"
#include "runtime/kinds/file_source.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

void add_stamp(Hash& hash, const std::string& path, const std::string& name) {
  struct stat is {};
  hash.add(name);
  if (lstat(path.c_str(), &is) != 0) return hash.add("none");
  hash.add(fmt::format("{:o}", is.st_mode));
  if (S_ISREG(is.st_mode))
    hash.add(fmt::format("{} {}.{}", is.st_size, is.st_mtim.tv_sec, is.st_mtim.tv_nsec));
  std::error_code error;
  if (S_ISLNK(is.st_mode)) hash.add(fs::read_symlink(path, error).string());
}

}  // namespace

void Hash::add(std::string_view text) {
  for (const char c : text) step(static_cast<unsigned char>(c));
  step(0xff);  // never within UTF-8: what is added is a list, no concatenation
}

std::string Hash::text() const {
  return fmt::format("{:012x}", hash_ & 0xffffffffffff);
}

std::string absolute_path(const Path& path) {
  return path.text.starts_with('/') ? path.text
                                    : (fs::path(path.folder) / path.text).lexically_normal().string();
}

bool is_empty(const Value& value) {
  const List* list = value.as<List>();
  const Map* map = value.as<Map>();
  return (list != nullptr && list->empty()) || (map != nullptr && map->entries.empty());
}

void add_value(Hash& hash, const Graph& graph, const Sources& sources, const Value& value,
               const std::string* files_in) {
  if (value.secret) return hash.add("secret");
  if (const Late* late = value.as<Late>()) return hash.add(sources.text(late->expression->expression->span));
  if (const NodeRef* node = value.as<NodeRef>())
    return hash.add(node->node == no_node ? "" : graph.node(node->node).path);
  if (const List* list = value.as<List>()) {
    hash.add("[");
    for (const Value& item : *list) add_value(hash, graph, sources, item, files_in);
    return hash.add("]");
  }
  const Made* made = value.as<Made>();
  const Map* map = made != nullptr ? &made->arguments : value.as<Map>();
  if (map != nullptr) {
    hash.add(made != nullptr ? made->function : "{");
    for (const auto& [key, item] : map->entries) {
      hash.add(key);
      add_value(hash, graph, sources, item, files_in);
    }
    return hash.add("}");
  }
  hash.add(show(value));
  if (files_in == nullptr) return;
  const Value source = file_source(value, *files_in);
  if (const Path* path = source.as<Path>()) {
    std::ifstream file(absolute_path(*path), std::ios::binary);
    hash.add(std::string(std::istreambuf_iterator<char>(file), {}));
  }
}

std::string stamp_of(const std::string& path) {
  Hash hash;
  add_stamp(hash, path, "");
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(path, error))) return hash.text();
  std::vector<std::string> names;
  for (auto entry =
           fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().filename() == ".cairn")  // what a run writes there is no input
      entry.disable_recursion_pending();
    else
      names.push_back(entry->path().string());
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) add_stamp(hash, name, name.substr(path.size()));
  return hash.text();
}

}  // namespace cairn::kinds
