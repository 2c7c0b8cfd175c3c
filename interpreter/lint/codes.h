// What is to be known about each finding: the source of `cairn explain L0401` and of docs/errors.md.
#pragma once

#include <vector>

#include "grammar/codes.h"

namespace cairn::lint {

// In the order of the codes. Every example is a whole file that gives exactly this finding, in a project that
// has a folder `site` with a Dockerfile.
const std::vector<CodePage>& lint_codes();

}  // namespace cairn::lint
