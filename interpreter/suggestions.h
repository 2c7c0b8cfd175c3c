// Names in messages.
#pragma once

#include <string>
#include <vector>

namespace cairn {

// "n-1" as "n_1".
std::string with_underscores(std::string name);

// "`a`, `b` and `c`"; the first `most` of them.
std::string quoted_list(const std::vector<std::string>& names, std::size_t most = 8);

}  // namespace cairn
