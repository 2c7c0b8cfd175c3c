// `f(x, y = z)`: arguments find their places, a few functions belong to the evaluator itself, constructors
// keep their arguments, the rest are in functions/.
#include <fmt/format.h>

#include <array>

#include "interpreter/evaluate.h"
#include "interpreter/functions/functions.h"
#include "interpreter/operators.h"
#include "interpreter/type_rules.h"

namespace cairn {
namespace {

// A path is relative to the file its text is in (rule 28).
std::string folder_of(const syntax::Expr& text, const Program& program) {
  for (const std::unique_ptr<Module>& module : program.modules)
    if (module->file == text.span.file) return module->folder;
  return {};
}

void clear_secrets(Value& value) {
  value.secret = false;
  if (List* list = std::get_if<List>(&value.is))
    for (Value& element : *list) clear_secrets(element);
  if (Map* map = std::get_if<Map>(&value.is))
    for (auto& [key, element] : map->entries) clear_secrets(element);
}

}  // namespace

std::optional<Value> Evaluator::call(const syntax::Expr& expression, const syntax::Call& call,
                                     const Where& place) {
  const FunctionDecl* declared = program.vocabulary.function(call.function.text);
  if (declared == nullptr) return std::nullopt;  // the checker has said so
  const bool waited = waits_;
  if (declared->name == "nowait") waits_ = false;
  std::vector<std::pair<std::string, Value>> bound;
  bool failed = false;
  std::size_t unnamed = 0;
  const auto take = [&](const TakesDecl& takes, const syntax::Expr& argument) {
    Maybe value = evaluate(argument, place);
    if (value)
      value = convert(std::move(*value), takes.type, folder_of(argument, program), argument.span,
                      fmt::format("`{}` of `{}`", takes.name, declared->name));
    if (!value) failed = true;
    return value;
  };
  for (const TakesDecl& takes : declared->takes) {
    if (takes.variadic) {
      List rest;
      std::size_t seen = 0;
      for (const syntax::Argument& argument : call.arguments.items)
        if (!argument.name && seen++ >= unnamed)
          if (Maybe value = take(takes, *argument.value)) rest.push_back(std::move(*value));
      unnamed = seen;
      Value list;
      list.is = std::move(rest);
      bound.emplace_back(takes.name, std::move(list));
      continue;
    }
    const syntax::Argument* given = nullptr;
    std::size_t seen = 0;
    for (const syntax::Argument& argument : call.arguments.items) {
      if (argument.name ? argument.name->text == takes.name : seen == unnamed)
        given = given == nullptr ? &argument : given;
      if (!argument.name) ++seen;
    }
    if (given != nullptr) {
      if (!given->name) ++unnamed;
      if (Maybe value = take(takes, *given->value)) bound.emplace_back(takes.name, std::move(*value));
    } else if (takes.default_value != nullptr) {
      Environment nowhere;
      Maybe value = evaluate(*takes.default_value, Where{&nowhere, nullptr, no_node});
      if (value)
        value = convert(std::move(*value), takes.type, {}, takes.default_value->span,
                        fmt::format("`{}`", takes.name));
      if (value)
        bound.emplace_back(takes.name, std::move(*value));
      else
        failed = true;
    } else if (accepts_null(takes.type)) {
      bound.emplace_back(takes.name, Value{});
    } else {
      failed = true;
    }
  }
  waits_ = waited;
  if (failed) return std::nullopt;
  if (declared->name == "nowait" && !bound.empty()) return bound.front().second;
  if (declared->name == "reveal" && !bound.empty()) {
    if (bound.front().second.late_anywhere()) {
      const std::array<const Value*, 1> operand{&bound.front().second};
      Value result = late_like(expression, place, operand);
      result.secret = false;
      return result;
    }
    clear_secrets(bound.front().second);
    return bound.front().second;
  }
  if (declared->name == "secret") return secret(expression, bound, place);
  if (declared->result.form == Type::Form::made) {
    Made made{declared->name, {}};
    for (auto& [name, value] : bound) made.arguments.entries.emplace_back(name, std::move(value));
    Value value;
    value.is = std::move(made);
    return value;
  }
  const bool moves_only = moves_elements(declared->name);
  for (const auto& [name, value] : bound) {
    const bool inside = value.late() || (value.late_anywhere() && !moves_only);
    if (!inside) continue;
    std::vector<const Value*> operands;
    for (const auto& [other, operand] : bound) operands.push_back(&operand);
    return late_like(expression, place, operands);
  }
  return native_call(call, *declared, bound);
}

std::optional<Value> Evaluator::native_call(const syntax::Call& call, const FunctionDecl& declared,
                                            const std::vector<std::pair<std::string, Value>>& arguments) {
  std::vector<Value> values;
  values.reserve(arguments.size());
  for (const auto& [name, value] : arguments) values.push_back(value);
  FunctionResult result = call_native(declared.name, values, inputs);
  if (Value* value = std::get_if<Value>(&result)) return std::move(*value);
  const FunctionError& why = std::get<FunctionError>(result);
  Span blamed = call.function.span;
  if (why.argument < declared.takes.size() && !declared.takes[why.argument].variadic) {
    for (const syntax::Argument& argument : call.arguments.items)
      if (argument.name && argument.name->text == declared.takes[why.argument].name)
        blamed = argument.value->span;
  }
  if (blamed == call.function.span && why.argument < call.arguments.items.size() &&
      !call.arguments.items[why.argument].name)
    blamed = call.arguments.items[why.argument].value->span;
  Diagnostic& wrong = error("S0312", blamed, why.message);
  if (!why.help.empty()) wrong.help(why.help);
  return std::nullopt;
}

std::optional<Value> Evaluator::secret(const syntax::Expr& expression,
                                       const std::vector<std::pair<std::string, Value>>& arguments,
                                       const Where& place) {
  const auto argument = [&](std::string_view name) -> const Value* {
    for (const auto& [known, value] : arguments)
      if (known == name && !value.null()) return &value;
    return nullptr;
  };
  const Value* from = arguments.empty() ? nullptr : &arguments.front().second;
  if (from == nullptr || from->as<std::string>() == nullptr) return std::nullopt;
  const std::string& text = *from->as<std::string>();
  if (late_source != nullptr) {
    SecretPlace where{text, argument("default"), expression.span};
    Maybe value =
        answered(late_source->secret(where, reader), fmt::format("the secret `{}`", text), expression.span);
    if (value) value->secret = true;
    return value;
  }
  return late(expression, place,
              Lateness{expression.span, fmt::format("secret(\"{}\")", text), no_node, false}, true);
}

}  // namespace cairn
