// Values as a test writes them.
#pragma once

#include <string>
#include <utility>

#include "interpreter/value.h"

namespace cairn {

inline Value text(std::string is) {
  return to_value(std::move(is));
}
inline Value number(std::int64_t is) {
  return to_value(is);
}
inline Value secret(std::string is) {
  Value value = text(std::move(is));
  value.secret = true;
  return value;
}

}  // namespace cairn
