// Reading an engine's JSON where fields may be missing, null or of another type in another version.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runtime/platform/docker/identity.h"

namespace cairn::docker {

// What is at `path` ("/State/Running"), or `otherwise`.
template <class T>
T at(const nlohmann::json& document, const char* path, T otherwise = {}) {
  const nlohmann::json::json_pointer pointer(path);
  if (!document.contains(pointer)) return otherwise;
  const nlohmann::json& found = document.at(pointer);
  if constexpr (std::is_same_v<T, std::string>) {
    return found.is_string() ? found.get<std::string>() : otherwise;
  } else if constexpr (std::is_same_v<T, bool>) {
    return found.is_boolean() ? found.get<bool>() : otherwise;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return found.is_number() ? found.get<T>() : otherwise;
  } else {
    return found.is_null() ? otherwise : found.get<T>();
  }
}

inline const nlohmann::json& part(const nlohmann::json& document, const char* path) {
  static const nlohmann::json nothing;
  const nlohmann::json::json_pointer pointer(path);
  return document.contains(pointer) ? document.at(pointer) : nothing;
}

inline std::vector<std::string> strings_at(const nlohmann::json& document, const char* path) {
  std::vector<std::string> strings;
  const nlohmann::json& list = part(document, path);
  if (!list.is_array()) return strings;
  for (const nlohmann::json& each : list) {
    if (each.is_string()) strings.push_back(each.get<std::string>());
  }
  return strings;
}

inline Labels labels_at(const nlohmann::json& document, const char* path) {
  Labels labels;
  const nlohmann::json& object = part(document, path);
  if (!object.is_object()) return labels;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) labels[name] = value.get<std::string>();
  }
  return labels;
}

}  // namespace cairn::docker
