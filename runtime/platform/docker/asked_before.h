// Making something that is asked for a second time when the first answer is lost.
#pragma once

#include "runtime/effects/result.h"

namespace cairn::docker {

// What fails after the engine had been `asked` already is no proof that nothing was made.
inline Failure asked_before(bool asked, Failure failure) {
  failure.nothing_done = failure.nothing_done && !asked;
  return failure;
}

}  // namespace cairn::docker
