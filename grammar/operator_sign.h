// How an operator is written.
#pragma once

#include "grammar/syntax.h"

namespace cairn {

const char* sign_of(syntax::BinaryOp op);  // "+", "&&", …

}  // namespace cairn
