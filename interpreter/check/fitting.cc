// Whether an expression fits where it stands; if not, what is to be written instead.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "grammar/suggest.h"
#include "interpreter/check/typer.h"
#include "interpreter/suggestions.h"

namespace cairn {
namespace {

using Form = Type::Form;

const Type* alternative(const Type& type, Form form) {
  if (type.form == form) return &type;
  if (type.form == Form::one_of)
    for (const Type& each : type.of)
      if (each.form == form) return &each;
  return nullptr;
}

}  // namespace

std::string described(const Type& type) {
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
      return type.of.front().form == Form::poison ? std::string("a list") : "a " + show(type);
    case Form::map:
      return type.of.front().form == Form::poison ? std::string("a map") : "a " + show(type);
    case Form::node:
      return type.text.empty() ? std::string("a node") : fmt::format("a `{}`", type.text);
    case Form::made:
      return type.text == "check"         ? "a probe"
             : type.text == "report_file" ? "a report"
             : type.text == "retry"       ? "a retry policy"
                                          : "a " + type.text;
    case Form::one_of:
      return show(type);
    case Form::variable:
      return type.text;
  }
  return "";
}

void Typer::expect(const syntax::Expr& expression, const Type& wanted, const Standing& standing,
                   const std::string& what) {
  if (program_.poisoned.contains(&expression)) return;
  if (descend(expression, wanted, standing, what)) return;
  const Type found = type(expression, standing);
  if (found.form == Form::poison || fits(found, wanted, program_)) return;
  report_mismatch(expression, found, wanted, what);
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
