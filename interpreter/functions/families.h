// The functions by family, one file each. Private to functions/.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "interpreter/functions/functions.h"

namespace cairn::functions {

struct Row {
  std::string_view name;
  NativeFunction call;
};

std::span<const Row> text();
std::span<const Row> encodings();
std::span<const Row> collections();
std::span<const Row> numbers();
std::span<const Row> paths();
std::span<const Row> outside();

using Arguments = std::span<const Value>;

// An argument that its declaration says is of this type.
template <class T>
const T& as(const Value& value) {
  return std::get<T>(value.is);
}

// Of a string or a path.
inline const std::string& text_in(const Value& value) {
  const Path* path = value.as<Path>();
  return path != nullptr ? path->text : as<std::string>(value);
}

// The text that a function may give; what is longer is a mistake of the file, not a reason to run out of
// memory.
constexpr std::size_t longest_text = std::size_t{64} << 20;
constexpr std::int64_t most_elements = 1'000'000;

}  // namespace cairn::functions
