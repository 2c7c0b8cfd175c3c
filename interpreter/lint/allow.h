// `# cairn: allow L0412 because why`: which findings a file takes back, and those allowances that take
// nothing back.
#pragma once

#include <vector>

#include "grammar/diagnostic.h"
#include "interpreter/program.h"

namespace cairn::lint {

// The findings but for those that an allowance covers (its statement holds the primary place or a label of
// them), and one L0602 for each allowance that covers none, L0603 for each without a reason.
std::vector<Diagnostic> without_allowed(const Program& program, const Diagnostics& findings);

}  // namespace cairn::lint
