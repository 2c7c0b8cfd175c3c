#include "interpreter/map_builder.h"

namespace cairn {
namespace {

constexpr std::size_t many = 32;  // from here on a walk costs more than a hash

}  // namespace

MapBuilder::MapBuilder(Map map) : map_(std::move(map)) {
  if (map_.entries.size() < many) return;
  for (std::size_t i = 0; i < map_.entries.size(); ++i) places_.emplace(map_.entries[i].first, i);
}

Value* MapBuilder::find(const std::string& key) {
  if (map_.entries.size() >= many) {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &map_.entries[found->second].second;
  }
  for (auto& [known, value] : map_.entries)
    if (known == key) return &value;
  return nullptr;
}

void MapBuilder::append(std::string key, Value value) {
  map_.entries.emplace_back(std::move(key), std::move(value));
  const std::size_t size = map_.entries.size();
  if (size < many) return;
  for (std::size_t i = size == many ? 0 : size - 1; i < size; ++i) places_.emplace(map_.entries[i].first, i);
}

bool MapBuilder::add(std::string key, Value value) {
  if (find(key) != nullptr) return false;
  append(std::move(key), std::move(value));
  return true;
}

void MapBuilder::set(std::string key, Value value) {
  if (Value* known = find(key))
    *known = std::move(value);
  else
    append(std::move(key), std::move(value));
}

}  // namespace cairn
