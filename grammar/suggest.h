// "did you mean": the nearest of the names that would have been right.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// How many letters must be put in, taken out, changed or swapped with their neighbour to make one of the
// other. Upper and lower case, `-` and `_` count as the same letter.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The one of `names` that is nearest to `name`, of equals the first; nothing when all are too far away to be
// meant (further than 1 letter for names up to 3, 2 up to 8, 3 up to 13, 4 beyond). Never `name` itself.
std::optional<std::string> suggest(std::string_view name, const std::vector<std::string>& names);

}  // namespace cairn
