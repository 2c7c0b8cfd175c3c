// What is to be known about each code of the front end but the parser's: S02xx names and files, S03xx types
// and values, S04xx kinds and the graph. The source of `cairn explain CODE` and of docs/errors.md.
#pragma once

#include <vector>

#include "grammar/codes.h"

namespace cairn {

// In the order of the codes. The examples are whole files.
const std::vector<CodePage>& program_codes();

}  // namespace cairn
