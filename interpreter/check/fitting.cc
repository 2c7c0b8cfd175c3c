// Whether an expression fits where it stands; if not, what is to be written instead.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "grammar/suggest.h"
#include "interpreter/check/typer.h"
#include "interpreter/refinement.h"
#include "interpreter/suggestions.h"

namespace cairn {

using Form = Type::Form;

const Type* alternative(const Type& type, Form form) {
  if (type.form == form) return &type;
  if (type.form == Form::one_of)
    for (const Type& each : type.of)
      if (const Type* found = alternative(each, form)) return found;
  return nullptr;
}

namespace {

constexpr std::size_t longest_shown = 32;  // a longer type says nothing to who reads it

std::string described_collection(const Type& type, const char* word) {
  std::string shown = show(type);
  return type.of.front().form == Form::poison || shown.size() > longest_shown ? fmt::format("a {}", word)
                                                                              : "a " + shown;
}

// "a port, a mapping of ports or a list of them"
std::string described_alternatives(const Type& type) {
  std::vector<std::string> parts;
  const Type* list = nullptr;
  for (const Type& each : type.of) {
    if (each.form == Form::null) continue;
    if (each.form == Form::list)
      list = &each;
    else
      parts.push_back(described(each));
  }
  constexpr std::size_t most = 4;
  if (parts.size() > most) return "a string, a number or another single value";
  if (list != nullptr) parts.push_back(parts.empty() ? described(*list) : "a list of them");
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? " or " : ", ") + parts[i];
  return text;
}

// A number that is written out.
std::optional<Value> written_number(const syntax::Expr& expression) {
  Value value;
  const syntax::Expr* at = &expression;
  const syntax::Unary* sign = std::get_if<syntax::Unary>(&at->is);
  if (sign != nullptr && sign->op == syntax::UnaryOp::negate) at = sign->operand.get();
  if (const syntax::IntLiteral* whole = std::get_if<syntax::IntLiteral>(&at->is))
    value.is = at == &expression ? whole->value : -whole->value;
  else if (const syntax::FloatLiteral* real = std::get_if<syntax::FloatLiteral>(&at->is))
    value.is = at == &expression ? real->value : -real->value;
  else
    return std::nullopt;
  return value;
}

bool refers_to_blocks_only(const Type& type) {
  return alternative(type, Form::node) != nullptr && alternative(type, Form::string) == nullptr &&
         alternative(type, Form::literal) == nullptr && alternative(type, Form::path) == nullptr;
}

}  // namespace

std::string described(const Type& type) {
  if (const Refinement* refined = refinement(type)) return std::string(refined->is);
  switch (type.form) {
    case Form::poison:
    case Form::any:
      return "any value";
    case Form::null:
      return "null";
    case Form::boolean:
      return "a bool";
    case Form::integer:
      return "an int";
    case Form::floating:
      return "a float";
    case Form::string:
      return "a string";
    case Form::duration:
      return "a duration";
    case Form::size:
      return "a size";
    case Form::path:
      return "a path";
    case Form::secret:
      return "a secret";
    case Form::literal:
      return fmt::format("\"{}\"", type.text);
    case Form::list:
      return described_collection(type, "list");
    case Form::map:
      return described_collection(type, "map");
    case Form::node:
      return type.text.empty() ? std::string("a node") : fmt::format("a `{}`", type.text);
    case Form::made:
      return type.text == "check"         ? "a probe"
             : type.text == "report_file" ? "a report"
             : type.text == "retry"       ? "a retry policy"
                                          : "a " + type.text;
    case Form::one_of:
      return described_alternatives(type);
    case Form::variable:
      return type.text;
  }
  return "";
}

void Typer::expect(const syntax::Expr& expression, const Type& wanted, const Standing& standing,
                   const std::string& what) {
  if (program_.poisoned.contains(&expression)) return;
  if (descend(expression, wanted, standing, what)) return;
  const Type* outer = expected_;
  expected_ = std::holds_alternative<syntax::NameRef>(expression.is) ? &wanted : nullptr;
  const Type found = type(expression, standing);
  expected_ = outer;
  if (found.form == Form::poison) return;
  if (!fits(found, wanted, program_)) return report_mismatch(expression, found, wanted, standing, what);
  refuse_number(expression, wanted, what);
}

// A number of the right type against the rule of a refinement; what is computed is asked when its value is
// known.
bool Typer::refuse_number(const syntax::Expr& expression, const Type& wanted, const std::string& what) {
  const std::optional<Value> value = written_number(expression);
  if (!value) return false;
  const Type rest = without_null(wanted);
  std::optional<std::string> why;
  for (const Type& each : rest.form == Form::one_of ? rest.of : std::vector<Type>{rest}) {
    const bool whole = each.form == Form::integer && value->as<std::int64_t>() != nullptr;
    if (!whole && each.form != Form::floating) continue;
    const Refinement* refined = refinement(each);
    std::optional<std::string> refusal = refined == nullptr ? std::nullopt : refined->refuses(*value);
    if (!refusal) return false;
    why = std::move(refusal);
  }
  if (!why) return false;
  program_.poisoned.insert(&expression);
  diagnostics_.error("S0302", expression.span,
                     fmt::format("{} cannot be {}", what, program_.sources.text(expression.span)),
                     std::move(*why));
  return true;
}

// Into what was written as a collection or a choice, so that the element is blamed and not the whole.
bool Typer::descend(const syntax::Expr& expression, const Type& wanted, const Standing& standing,
                    const std::string& what) {
  if (const syntax::Group* group = std::get_if<syntax::Group>(&expression.is)) {
    expect(*group->inner, wanted, standing, what);
    return true;
  }
  if (const syntax::Conditional* choice = std::get_if<syntax::Conditional>(&expression.is)) {
    expect(*choice->condition, simple(Form::boolean), standing, "the condition of `? :`");
    const auto branch = [&](const syntax::Expr& one) {
      if (!std::holds_alternative<syntax::NullLiteral>(one.is)) expect(one, wanted, standing, what);
    };
    branch(*choice->then);
    branch(*choice->otherwise);
    return true;
  }
  if (const syntax::ListLiteral* list = std::get_if<syntax::ListLiteral>(&expression.is)) {
    const Type* as_list = alternative(wanted, Form::list);
    if (as_list == nullptr || list->items.empty()) return false;
    // Blocks named in quotes, one after the other, are one misunderstanding.
    const bool quoted = std::all_of(list->items.begin(), list->items.end(), [](const syntax::ExprPtr& item) {
      return std::holds_alternative<syntax::Text>(item->is);
    });
    if (quoted && list->items.size() > 1 && refers_to_blocks_only(as_list->of.front())) {
      report_mismatch(expression, type(expression, standing), wanted, standing, what);
      return true;
    }
    for (const syntax::ExprPtr& item : list->items)
      expect(*item, as_list->of.front(), standing, fmt::format("an element of {}", what));
    return true;
  }
  if (const syntax::MapLiteral* map = std::get_if<syntax::MapLiteral>(&expression.is)) {
    const Type* as_map = alternative(wanted, Form::map);
    if (as_map == nullptr || map->entries.empty()) return false;
    KeysSeen seen;
    for (const syntax::MapEntry& entry : map->entries) {
      const Type key = type(*entry.key, standing);
      std::string place = fmt::format("an entry of {}", what);
      if (key.form == Form::literal) place = fmt::format("`{}` in {}", key.text, what);
      if (std::holds_alternative<syntax::NullLiteral>(entry.value->is)) continue;
      expect(*entry.value, as_map->of.front(), standing, place);
      if (key.form == Form::literal) given_once(entry, key.text, seen);
    }
    return true;
  }
  return false;
}

}  // namespace cairn
