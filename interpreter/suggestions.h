// Did-you-mean for names of a program.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// The candidate that is most probably meant, if one is near enough.
std::optional<std::string> nearest(std::string_view written, const std::vector<std::string>& candidates);

// "n-1" as "n_1".
std::string with_underscores(std::string name);

// "`a`, `b` and `c`"; the first `most` of them.
std::string quoted_list(const std::vector<std::string>& names, std::size_t most = 8);

}  // namespace cairn
