// A failure where there is room for one line only.
#pragma once

#include <string>

#include "runtime/effects/result.h"

namespace cairn {

// "could not list the containers: the engine cannot be reached: connection refused"
inline std::string in_one_line(const Failure& failure) {
  std::string text = failure.message;
  for (const std::string& cause : failure.causes) text += ": " + cause;
  return text;
}

}  // namespace cairn
