// What a node has to say, judged on its values: a place for a service, a node that is not its own dependant.
#pragma once

#include "interpreter/lower/dependency.h"

namespace cairn {

void check_demands(Evaluator& evaluator, Draft& draft);

}  // namespace cairn
