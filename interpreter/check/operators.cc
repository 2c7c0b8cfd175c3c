// Types of operators: what can only be wrong is reported, what may be right is left to the values.
#include <fmt/format.h>

#include "grammar/operator_sign.h"
#include "interpreter/check/typer.h"
#include "interpreter/operators.h"

namespace cairn {
namespace {

using Form = Type::Form;
using syntax::BinaryOp;

bool is_open(const Type& type) {
  return type.form == Form::poison || type.form == Form::any || type.form == Form::one_of ||
         type.form == Form::variable;
}
bool is_number(const Type& type) {
  return type.form == Form::integer || type.form == Form::floating;
}
bool is_text(const Type& type) {
  return type.form == Form::string || type.form == Form::literal || type.form == Form::secret;
}
bool is_amount(const Type& type) {
  return type.form == Form::duration || type.form == Form::size;
}

std::optional<Type> result_of(BinaryOp op, const Type& left, const Type& right) {
  if (is_number(left) && is_number(right)) {
    if (op == BinaryOp::modulo && (left.form == Form::floating || right.form == Form::floating))
      return std::nullopt;
    if (op == BinaryOp::divide) return simple(Form::floating);
    return left.form == Form::floating || right.form == Form::floating ? simple(Form::floating)
                                                                       : simple(Form::integer);
  }
  if (is_amount(left) && left.form == right.form) {
    if (op == BinaryOp::add || op == BinaryOp::subtract) return left;
    if (op == BinaryOp::divide) return simple(Form::floating);
    return std::nullopt;
  }
  if (is_amount(left) && is_number(right) && (op == BinaryOp::multiply || op == BinaryOp::divide))
    return left;
  if (is_number(left) && is_amount(right) && op == BinaryOp::multiply) return right;
  if (op != BinaryOp::add) return std::nullopt;
  if (is_text(left) && is_text(right))
    return left.form == Form::secret || right.form == Form::secret ? simple(Form::secret)
                                                                   : simple(Form::string);
  if (left.form == right.form && (left.form == Form::list || left.form == Form::map))
    return joined(left, right);
  return std::nullopt;
}

bool comparable(BinaryOp op, const Type& left, const Type& right) {
  if (is_number(left) && is_number(right)) return true;
  if (is_text(left) && is_text(right)) return true;
  if (op == BinaryOp::equal || op == BinaryOp::not_equal)
    return left.form == Form::null || right.form == Form::null || left.form == right.form;
  return is_amount(left) && left.form == right.form;
}

}  // namespace

Type Typer::type_of_unary(const syntax::Expr& expression, const syntax::Unary& unary,
                          const Standing& standing) {
  if (unary.op == syntax::UnaryOp::logical_not) {
    expect(*unary.operand, simple(Form::boolean), standing, "what `!` takes");
    return simple(Form::boolean);
  }
  const Type operand = type(*unary.operand, standing);
  if (is_open(operand) || is_number(operand) || operand.form == Form::duration) return operand;
  diagnostics_.error("S0303", expression.span, fmt::format("`-` takes a number, not {}", described(operand)));
  return poison(expression);
}

Type Typer::type_of_binary(const syntax::Expr& expression, const syntax::Binary& binary,
                           const Standing& standing) {
  if (binary.op == BinaryOp::logical_and || binary.op == BinaryOp::logical_or) {
    const std::string what = fmt::format("what `{}` takes", sign_of(binary.op));
    expect(*binary.left, simple(Form::boolean), standing, what);
    expect(*binary.right, simple(Form::boolean), standing, what);
    return simple(Form::boolean);
  }
  const Type left = type(*binary.left, standing);
  const Type right = type(*binary.right, standing);
  const bool compares = binary.op != BinaryOp::add && binary.op != BinaryOp::subtract &&
                        binary.op != BinaryOp::multiply && binary.op != BinaryOp::divide &&
                        binary.op != BinaryOp::modulo;
  if (is_open(left) || is_open(right)) {
    if (compares) return simple(Form::boolean);
    if (left.form == Form::poison || right.form == Form::poison) return simple(Form::poison);
    return is_open(left) && is_open(right) ? simple(Form::any)
           : is_open(left)                 ? widened(right)
                                           : widened(left);
  }
  const Span blamed = binary.op_span.known() ? binary.op_span : expression.span;
  if (compares) {
    if (comparable(binary.op, left, right)) return simple(Form::boolean);
    const bool equality = binary.op == BinaryOp::equal || binary.op == BinaryOp::not_equal;
    Diagnostic& error =
        diagnostics_.error("S0303", blamed,
                           fmt::format("`{}` compares {} with {}{}", sign_of(binary.op), described(left),
                                       described(right), equality ? ": they are never equal" : ""));
    error.label(binary.left->span, described(left)).label(binary.right->span, described(right));
    return poison(expression);
  }
  if (const std::optional<Type> result = result_of(binary.op, left, right)) return *result;
  Diagnostic& error = diagnostics_.error(
      "S0303", blamed,
      fmt::format("`{}` cannot take {} and {}", sign_of(binary.op), described(left), described(right)));
  error.label(binary.left->span, described(left)).label(binary.right->span, described(right));
  if (binary.op == BinaryOp::add && (is_text(left) || is_text(right)))
    error.help("put the value into the text: \"… ${value}\"");
  if (binary.op == BinaryOp::modulo) error.note("`%` takes whole numbers");
  return poison(expression);
}

Type Typer::type_of_conditional(const syntax::Conditional& choice, const Standing& standing) {
  expect(*choice.condition, simple(Form::boolean), standing, "the condition of `? :`");
  const Type then = type(*choice.then, standing);
  const Type otherwise = type(*choice.otherwise, standing);
  return joined(then, otherwise);
}

}  // namespace cairn
