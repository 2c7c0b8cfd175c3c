#include "interpreter/extent.h"

#include <algorithm>

namespace cairn {
namespace {

class Measure {
 public:
  Measure(std::size_t most, std::size_t deepest) : most_(most), deepest_(deepest) {}

  void add(const Value& value, std::size_t depth) {
    ++found_.elements;
    found_.depth = std::max(found_.depth, depth);
    if (found_.elements > most_ || found_.depth > deepest_) return;
    if (const std::string* text = value.as<std::string>()) {
      found_.elements += text->size() / 64;
    } else if (const List* list = value.as<List>()) {
      for (const Value& element : *list) add(element, depth + 1);
    } else if (const Map* map = value.as<Map>()) {
      add(*map, depth + 1);
    } else if (const Made* made = value.as<Made>()) {
      add(made->arguments, depth + 1);
    }
  }
  Extent found() const { return found_; }

 private:
  void add(const Map& map, std::size_t depth) {
    for (const auto& [key, element] : map.entries) {
      found_.elements += 1 + key.size() / 64;
      add(element, depth);
    }
  }

  std::size_t most_;
  std::size_t deepest_;
  Extent found_;
};

}  // namespace

Extent extent_of(const Value& value, std::size_t most_elements, std::size_t deepest) {
  Measure measure(most_elements, deepest);
  measure.add(value, 0);
  return measure.found();
}

}  // namespace cairn
