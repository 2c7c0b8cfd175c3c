// What can be said about a program before any value is known (rule 32): names, kinds, settings and types, in
// both branches of every `if`. What is wrong is reported and poisoned, so that later passes are silent about
// it.
#pragma once

#include "interpreter/program.h"

namespace cairn {

void check(Program& program);

}  // namespace cairn
