// The difference of two texts, for `fmt --diff`.
#pragma once

#include <string>
#include <string_view>

namespace cairn {

// Unified form with three lines of context, `--- name` and `+++ name` above; empty when the texts are the
// same.
std::string unified_diff(std::string_view name, std::string_view before, std::string_view after);

}  // namespace cairn
