// What the system refused, as a failure.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>

#include "runtime/effects/result.h"

namespace cairn::clone {

// "could not WHAT", and why.
inline Failure failed(const std::string& what, int error = errno) {
  return {.message = "could not " + what, .causes = {std::strerror(error)}};
}

}  // namespace cairn::clone
