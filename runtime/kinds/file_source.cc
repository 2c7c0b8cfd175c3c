#include "runtime/kinds/file_source.h"

#include <cstdlib>
#include <filesystem>

namespace cairn::kinds {

Value file_source(const Value& value, const std::string& folder) {
  const std::string* text = value.as<std::string>();
  if (text == nullptr || value.secret || text->find('\n') != std::string::npos) return value;
  if (text->starts_with("~/")) {
    const char* home = std::getenv("HOME");
    return Value{Path{(home == nullptr ? std::string() : std::string(home)) + text->substr(1), {}}};
  }
  if (text->starts_with('/') || text->starts_with("./") || text->starts_with("../"))
    return Value{Path{*text, folder}};
  return value;
}

std::string folder_of(const Graph& graph, const Sources& sources, NodeId node,
                      const std::string& project_folder) {
  const Span span = graph.node(node).span;
  if (!span.known()) return project_folder;
  const std::string& path = sources.at(span.file).path;
  if (path.empty()) return project_folder;
  const std::filesystem::path absolute = std::filesystem::path(path).is_absolute()
                                             ? std::filesystem::path(path)
                                             : std::filesystem::path(project_folder) / path;
  return absolute.parent_path().string();
}

}  // namespace cairn::kinds
