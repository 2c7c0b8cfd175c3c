#include "interpreter/operators.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "grammar/operator_sign.h"
#include "interpreter/map_builder.h"

namespace cairn {
namespace {

using syntax::BinaryOp;

Value made_from(Value value, const Value& left, const Value& right) {
  value.secret = left.secret || right.secret;
  return value;
}

std::optional<double> number(const Value& value) {
  if (const std::int64_t* whole = value.as<std::int64_t>()) return static_cast<double>(*whole);
  if (const double* fraction = value.as<double>()) return *fraction;
  return std::nullopt;
}

Computed too_large(BinaryOp op) {
  return Mismatch{fmt::format("the result of `{}` is out of range", sign_of(op)), ""};
}

Computed whole_numbers(BinaryOp op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case BinaryOp::add:
      return __builtin_add_overflow(a, b, &result) ? too_large(op) : to_value(result);
    case BinaryOp::subtract:
      return __builtin_sub_overflow(a, b, &result) ? too_large(op) : to_value(result);
    case BinaryOp::multiply:
      return __builtin_mul_overflow(a, b, &result) ? too_large(op) : to_value(result);
    case BinaryOp::divide:
      if (b == 0) return Mismatch{"division by zero", ""};
      return to_value(static_cast<double>(a) / static_cast<double>(b));
    case BinaryOp::modulo:
      if (b == 0) return Mismatch{"division by zero", ""};
      return to_value(b == -1 ? std::int64_t{0} : a % b);
    default:
      return Mismatch{};
  }
}

Computed floats(BinaryOp op, double a, double b) {
  double result = 0;
  switch (op) {
    case BinaryOp::add:
      result = a + b;
      break;
    case BinaryOp::subtract:
      result = a - b;
      break;
    case BinaryOp::multiply:
      result = a * b;
      break;
    case BinaryOp::divide:
      if (b == 0) return Mismatch{"division by zero", ""};
      result = a / b;
      break;
    default:
      return Mismatch{"`%` takes whole numbers", ""};
  }
  if (!std::isfinite(result)) return too_large(op);
  return to_value(result);
}

// Durations and sizes: `amount` reads and makes them.
template <class Quantity, std::int64_t Quantity::*amount>
std::optional<Computed> quantities(BinaryOp op, const Value& left, const Value& right) {
  const Quantity* a = left.as<Quantity>();
  const Quantity* b = right.as<Quantity>();
  if (a != nullptr && b != nullptr) {
    if (op == BinaryOp::divide) {
      if (b->*amount == 0) return Computed(Mismatch{"division by zero", ""});
      return Computed(to_value(static_cast<double>(a->*amount) / static_cast<double>(b->*amount)));
    }
    if (op != BinaryOp::add && op != BinaryOp::subtract) return std::nullopt;
    Computed result = whole_numbers(op, a->*amount, b->*amount);
    if (Value* value = std::get_if<Value>(&result))
      return Computed(to_value(Quantity{std::get<std::int64_t>(value->is)}));
    return result;
  }
  const Quantity* quantity = a != nullptr ? a : b;
  const std::optional<double> factor = number(a != nullptr ? right : left);
  if (quantity == nullptr || !factor) return std::nullopt;
  if (op != BinaryOp::multiply && !(op == BinaryOp::divide && a != nullptr)) return std::nullopt;
  if (op == BinaryOp::divide && *factor == 0) return Computed(Mismatch{"division by zero", ""});
  const double result = op == BinaryOp::multiply ? static_cast<double>(quantity->*amount) * *factor
                                                 : static_cast<double>(quantity->*amount) / *factor;
  if (!(std::abs(result) < 9.2e18)) return too_large(op);
  return Computed(to_value(Quantity{static_cast<std::int64_t>(std::llround(result))}));
}

Computed add_or_mismatch(BinaryOp op, const Value& left, const Value& right) {
  if (op == BinaryOp::add) {
    if (const std::string* a = left.as<std::string>())
      if (const std::string* b = right.as<std::string>()) return to_value(*a + *b);
    if (const List* a = left.as<List>())
      if (const List* b = right.as<List>()) {
        List joined = *a;
        joined.insert(joined.end(), b->begin(), b->end());
        return to_value(std::move(joined));
      }
    if (const Map* a = left.as<Map>())
      if (const Map* b = right.as<Map>()) {
        MapBuilder joined(*a);
        for (const auto& [key, value] : b->entries) joined.set(key, value);
        return to_value(joined.take());
      }
    if (left.as<std::string>() != nullptr || right.as<std::string>() != nullptr)
      return Mismatch{
          fmt::format("`+` joins two strings, not {} and {}", kind_of_value(left), kind_of_value(right)),
          "put the value into the text: \"… ${value}\""};
  }
  return Mismatch{
      fmt::format("`{}` cannot take {} and {}", sign_of(op), kind_of_value(left), kind_of_value(right)), ""};
}

Computed arithmetic(BinaryOp op, const Value& left, const Value& right) {
  const std::int64_t* a = left.as<std::int64_t>();
  const std::int64_t* b = right.as<std::int64_t>();
  if (a != nullptr && b != nullptr) return whole_numbers(op, *a, *b);
  const std::optional<double> x = number(left);
  const std::optional<double> y = number(right);
  if (x && y) return floats(op, *x, *y);
  if (const auto result = quantities<Duration, &Duration::milliseconds>(op, left, right)) return *result;
  if (const auto result = quantities<Size, &Size::bytes>(op, left, right)) return *result;
  return add_or_mismatch(op, left, right);
}

template <class T>
bool ordered(BinaryOp op, const T& a, const T& b) {
  switch (op) {
    case BinaryOp::less:
      return a < b;
    case BinaryOp::less_equal:
      return a <= b;
    case BinaryOp::greater:
      return a > b;
    default:
      return a >= b;
  }
}

Computed order(BinaryOp op, const Value& left, const Value& right) {
  const std::int64_t* a = left.as<std::int64_t>();
  const std::int64_t* b = right.as<std::int64_t>();
  if (a != nullptr && b != nullptr) return to_value(ordered(op, *a, *b));
  if (const auto x = number(left), y = number(right); x && y) return to_value(ordered(op, *x, *y));
  if (const auto* x = left.as<std::string>(), *y = right.as<std::string>(); x != nullptr && y != nullptr)
    return to_value(ordered(op, *x, *y));
  if (const auto* x = left.as<Duration>(), *y = right.as<Duration>(); x != nullptr && y != nullptr)
    return to_value(ordered(op, *x, *y));
  if (const auto* x = left.as<Size>(), *y = right.as<Size>(); x != nullptr && y != nullptr)
    return to_value(ordered(op, *x, *y));
  return Mismatch{fmt::format("`{}` compares two numbers, strings, durations or sizes, not {} and {}",
                              sign_of(op), kind_of_value(left), kind_of_value(right)),
                  ""};
}

Computed equality(BinaryOp op, const Value& left, const Value& right) {
  const bool numbers = number(left) && number(right);
  if (!left.null() && !right.null() && !numbers && left.is.index() != right.is.index())
    return Mismatch{fmt::format("`{}` compares {} with {}: they are never equal", sign_of(op),
                                kind_of_value(left), kind_of_value(right)),
                    ""};
  bool same =
      numbers && left.is.index() != right.is.index() ? *number(left) == *number(right) : equal(left, right);
  if (op == BinaryOp::not_equal) same = !same;
  return to_value(same);
}

}  // namespace

std::string kind_of_value(const Value& value) {
  struct Names {
    std::string operator()(const Null&) const { return "null"; }
    std::string operator()(bool) const { return "a bool"; }
    std::string operator()(std::int64_t) const { return "an int"; }
    std::string operator()(double) const { return "a float"; }
    std::string operator()(const std::string&) const { return "a string"; }
    std::string operator()(const Duration&) const { return "a duration"; }
    std::string operator()(const Size&) const { return "a size"; }
    std::string operator()(const Path&) const { return "a path"; }
    std::string operator()(const List&) const { return "a list"; }
    std::string operator()(const Map&) const { return "a map"; }
    std::string operator()(const NodeRef&) const { return "a node"; }
    std::string operator()(const Made& made) const { return fmt::format("`{}(…)`", made.function); }
    std::string operator()(const Late&) const { return "a late value"; }
  };
  return std::visit(Names{}, value.is);
}

Computed apply(BinaryOp op, const Value& left, const Value& right) {
  Computed result;
  switch (op) {
    case BinaryOp::add:
    case BinaryOp::subtract:
    case BinaryOp::multiply:
    case BinaryOp::divide:
    case BinaryOp::modulo:
      result = arithmetic(op, left, right);
      break;
    case BinaryOp::equal:
    case BinaryOp::not_equal:
      result = equality(op, left, right);
      break;
    default:
      result = order(op, left, right);
      break;
  }
  if (Value* value = std::get_if<Value>(&result)) return made_from(std::move(*value), left, right);
  return result;
}

Computed apply(syntax::UnaryOp op, const Value& operand) {
  Value result;
  result.secret = operand.secret;
  if (op == syntax::UnaryOp::logical_not) {
    const bool* is = operand.as<bool>();
    if (is == nullptr) return Mismatch{fmt::format("`!` takes a bool, not {}", kind_of_value(operand)), ""};
    result.is = !*is;
    return result;
  }
  if (const std::int64_t* is = operand.as<std::int64_t>();
      is != nullptr && *is != std::numeric_limits<std::int64_t>::min())
    result.is = -*is;
  else if (const double* fraction = operand.as<double>())
    result.is = -*fraction;
  else if (const Duration* duration = operand.as<Duration>())
    result.is = Duration{-duration->milliseconds};
  else
    return Mismatch{fmt::format("`-` takes a number, not {}", kind_of_value(operand)), ""};
  return result;
}

}  // namespace cairn
