#pragma once

#include <vector>

#include "grammar/codes.h"

namespace cairn::cli {

// The pages of every room, in the order of the codes.
std::vector<CodePage> all_code_pages();

}  // namespace cairn::cli
