// What a test cannot go on without.
#pragma once

#include <stdexcept>
#include <utility>

#include "runtime/effects/in_one_line.h"

namespace cairn {

// The value, or an exception with the failure's words.
template <class T>
T must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(in_one_line(result.failure()));
  return std::move(result.value());
}

}  // namespace cairn
