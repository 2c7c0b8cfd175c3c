// Numbers, durations and sizes.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "interpreter/functions/families.h"

namespace cairn::functions {
namespace {

constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();

FunctionResult div(Arguments arguments, Inputs&) {
  const std::int64_t a = as<std::int64_t>(arguments[0]);
  const std::int64_t b = as<std::int64_t>(arguments[1]);
  if (b == 0) return FunctionError{"division by zero", 1, {}};
  if (a == smallest && b == -1) return FunctionError{"the quotient is too large", 0, {}};
  return to_value(a / b);
}

FunctionResult abs(Arguments arguments, Inputs&) {
  const Value& number = arguments[0];
  if (const double* is = number.as<double>()) return to_value(std::fabs(*is));
  const std::int64_t* whole = number.as<std::int64_t>();
  const Duration* duration = number.as<Duration>();
  if (whole == nullptr && duration == nullptr)
    return FunctionError{"only numbers and durations have a sign", 0, {}};
  const std::int64_t is = whole != nullptr ? *whole : duration->milliseconds;
  if (is == smallest) return FunctionError{"the number is too large", 0, {}};
  const std::int64_t positive = is < 0 ? -is : is;
  return whole != nullptr ? to_value(positive) : to_value(Duration{positive});
}

FunctionResult whole(double number) {
  if (!(std::fabs(number) < 9.2e18)) return FunctionError{"the number is too large for an int", 0, {}};
  return to_value(static_cast<std::int64_t>(number));
}

FunctionResult ceil(Arguments arguments, Inputs&) {
  return whole(std::ceil(as<double>(arguments[0])));
}
FunctionResult floor(Arguments arguments, Inputs&) {
  return whole(std::floor(as<double>(arguments[0])));
}
FunctionResult round(Arguments arguments, Inputs&) {
  return whole(std::round(as<double>(arguments[0])));
}
FunctionResult seconds(Arguments arguments, Inputs&) {
  return to_value(as<Duration>(arguments[0]).milliseconds / 1000);
}
FunctionResult milliseconds(Arguments arguments, Inputs&) {
  return to_value(as<Duration>(arguments[0]).milliseconds);
}
FunctionResult bytes(Arguments arguments, Inputs&) {
  return to_value(as<Size>(arguments[0]).bytes);
}

constexpr Row numbers_rows[] = {{"div", div},
                                {"abs", abs},
                                {"ceil", ceil},
                                {"floor", floor},
                                {"round", round},
                                {"seconds", seconds},
                                {"milliseconds", milliseconds},
                                {"bytes", bytes}};

}  // namespace

std::span<const Row> numbers() {
  return numbers_rows;
}

}  // namespace cairn::functions
