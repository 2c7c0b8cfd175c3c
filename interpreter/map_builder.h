// A map that is being built: a key is found without a walk, however many there are.
#pragma once

#include <string>
#include <unordered_map>

#include "interpreter/value.h"

namespace cairn {

class MapBuilder {
 public:
  MapBuilder() = default;
  explicit MapBuilder(Map map);
  bool add(std::string key, Value value);  // false when the key is there already
  void set(std::string key, Value value);  // replaces, or appends
  Map take() { return std::move(map_); }

 private:
  Value* find(const std::string& key);
  void append(std::string key, Value value);

  Map map_;
  std::unordered_map<std::string, std::size_t> places_;  // of all keys, once there are many
};

}  // namespace cairn
