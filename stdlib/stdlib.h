// The .stack files that are part of cairn itself, embedded in the binary.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace cairn::stdlib {

// `name` is the file's place below stdlib/ without its ending: "kinds/service", "postgres". Both views live
// as long as the program.
struct Embedded {
  std::string_view name;
  std::string_view text;
};

std::vector<Embedded> all();
std::optional<std::string_view> text_of(std::string_view name);

}  // namespace cairn::stdlib
