#include "interpreter/type_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "grammar/suggest.h"
#include "interpreter/refinement.h"
#include "interpreter/suggestions.h"

namespace cairn {
namespace {

using Form = Type::Form;

Type type_of_item(const syntax::TypeItem& item, const Module& module, Program& program,
                  Diagnostics& diagnostics);

Type alternatives_of(const std::vector<syntax::TypeItem>& items, const Module& module, Program& program,
                     Diagnostics& diagnostics) {
  std::vector<Type> alternatives;
  for (const syntax::TypeItem& item : items)
    alternatives.push_back(type_of_item(item, module, program, diagnostics));
  return one_of(std::move(alternatives));
}

// As the types are called elsewhere.
std::string_view type_here(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> elsewhere[] = {
      {"str", "string"},       {"text", "string"},     {"integer", "int"},
      {"i64", "int"},          {"long", "int"},        {"number", "int` or `float"},
      {"double", "float"},     {"boolean", "bool"},    {"array", "list(string)"},
      {"set", "list(string)"}, {"tuple", "list(any)"}, {"object", "map(any)"},
      {"dict", "map(string)"}, {"time", "duration"},   {"timeout", "duration"},
      {"bytes", "size"},       {"file", "path"},       {"password", "secret"},
      {"null", "T?"}};
  for (const auto& [known, here] : elsewhere)
    if (known == name) return here;
  return {};
}

Type unknown_type(const syntax::TypeItem& item, const Module& module, Program& program,
                  Diagnostics& diagnostics) {
  std::vector<std::string> candidates = program.vocabulary.kind_names();
  for (std::string& name : type_names()) candidates.push_back(std::move(name));
  for (const std::unique_ptr<UserKind>& kind : module.kinds) candidates.push_back(kind->name);
  Diagnostic& error =
      diagnostics.error("S0301", item.span, fmt::format("no type named `{}`", item.name.text), "not a type");
  if (const std::string_view here = type_here(item.name.text); !here.empty())
    error.help(fmt::format("`{}` is `{}` here", item.name.text, here));
  else if (const auto near = suggest(item.name.text, candidates))
    error.help(fmt::format("did you mean `{}`?", *near));
  else
    error.note(
        "types are string int float bool duration size path secret any, list(T), map(T), \"a\" | \"b\", the "
        "kinds, and port, count, url, … which hold by a rule");
  return simple(Form::poison);
}

Type type_of_item(const syntax::TypeItem& item, const Module& module, Program& program,
                  Diagnostics& diagnostics) {
  Type type;
  if (item.form == syntax::TypeItem::Form::literal) {
    type = Type{Form::literal, item.name.text, {}};
  } else if (item.form == syntax::TypeItem::Form::applied) {
    Type inner = alternatives_of(item.of, module, program, diagnostics);
    if (item.name.text == "list")
      type = list_of(std::move(inner));
    else if (item.name.text == "map")
      type = map_of(std::move(inner));
    else
      type = unknown_type(item, module, program, diagnostics);
  } else if (item.member) {
    const UseBinding* use = module.use(item.name.text);
    if (use != nullptr) use->used = true;
    const UserKind* kind =
        use == nullptr || use->module == nullptr ? nullptr : use->module->kind(item.member->text);
    if (kind != nullptr)
      type = node_of(kind->full_name);
    else if (use != nullptr && use->module == nullptr)
      type = simple(Form::poison);
    else {
      diagnostics.error("S0301", item.span,
                        fmt::format("no kind named `{}.{}`", item.name.text, item.member->text),
                        "not a type");
      type = simple(Form::poison);
    }
  } else {
    const std::optional<Type> known = named_type(item.name.text);
    const UserKind* kind = module.kind(item.name.text);
    // A file may have a kind `platform` of its own; it has none called `int`.
    if (known && (known->text.empty() || kind == nullptr))
      type = *known;
    else if (kind != nullptr)
      type = node_of(kind->full_name);
    else if (std::optional<Type> made = made_type(item.name.text))  // before the kind `check`: probes are given
      type = std::move(*made);
    else if (program.vocabulary.kind(item.name.text) != nullptr || item.name.text == "stage")
      type = node_of(item.name.text);
    else if (item.name.text == "list" || item.name.text == "map") {
      diagnostics
          .error("S0301", item.span, fmt::format("`{}` needs the type of its elements", item.name.text))
          .help(fmt::format("`{}(any)` takes all", item.name.text));
      type = simple(Form::poison);
    } else {
      type = unknown_type(item, module, program, diagnostics);
    }
  }
  return item.optional ? optional_of(std::move(type)) : type;
}

Value text_value(std::string text, Form form) {
  Value value;
  if (form == Form::path)
    value.is = Path{std::move(text), {}};
  else
    value.is = std::move(text);
  return value;
}

}  // namespace

Type simple(Form form) {
  return Type{form, {}, {}};
}
namespace {

// Deeper types are of no use to anybody; without an end, each value of a chain would copy that of the last.
constexpr std::size_t deepest_type = 50;

std::size_t depth_of(const Type& type) {
  std::size_t deepest = 0;
  for (const Type& inner : type.of) deepest = std::max(deepest, depth_of(inner));
  return deepest + 1;
}

Type bounded(Type element) {
  return depth_of(element) < deepest_type ? std::move(element) : simple(Form::any);
}

}  // namespace

Type list_of(Type element) {
  return Type{Form::list, {}, {bounded(std::move(element))}};
}
Type map_of(Type element) {
  return Type{Form::map, {}, {bounded(std::move(element))}};
}
Type node_of(std::string kind) {
  return Type{Form::node, std::move(kind), {}};
}

Type one_of(std::vector<Type> alternatives) {
  Type result = simple(Form::one_of);
  const auto add = [&](const auto& self, Type type) -> void {
    if (type.form == Form::one_of) {
      for (Type& inner : type.of) self(self, std::move(inner));
    } else if (std::find(result.of.begin(), result.of.end(), type) == result.of.end()) {
      result.of.push_back(std::move(type));
    }
  };
  for (Type& type : alternatives) {
    if (type.form == Form::poison) return simple(Form::poison);
    add(add, std::move(type));
  }
  if (result.of.size() == 1) return Type(result.of.front());
  return result;
}

Type optional_of(Type type) {
  return one_of({std::move(type), simple(Form::null)});
}

Type type_of(const syntax::Type& written, const Module& module, Program& program, Diagnostics& diagnostics) {
  return alternatives_of(written.alternatives, module, program, diagnostics);
}

const KindDecl* native_behind(const std::string& kind, Program& program) {
  if (const KindDecl* native = program.vocabulary.kind(kind)) return native;
  const UserKind* user = program.user_kind(kind);
  for (int deep = 0; user != nullptr && user->self_block != nullptr && deep < 100; ++deep) {
    if (user->self_block->native != nullptr) return user->self_block->native;
    user = user->self_block->user;
  }
  return nullptr;
}

bool fits(const Type& from, const Type& wanted, Program& program) {
  if (from.form == Form::poison || wanted.form == Form::poison || from.form == Form::any ||
      wanted.form == Form::any)
    return true;
  if (from.form == Form::variable || wanted.form == Form::variable) return true;
  if (from.form == Form::one_of)
    return std::all_of(from.of.begin(), from.of.end(), [&](const Type& each) {
      return each.form == Form::null || fits(each, wanted, program);
    });
  if (wanted.form == Form::one_of)
    return std::any_of(wanted.of.begin(), wanted.of.end(),
                       [&](const Type& each) { return fits(from, each, program); });
  // Where any node can stand, as in `after`, all of a `for` can.
  const bool any_node = wanted.form == Form::node && wanted.text.empty();
  if (any_node && (from.form == Form::list || from.form == Form::map))
    return fits(from.of.front(), wanted, program);
  switch (from.form) {
    case Form::null:
      return wanted.form == Form::null;
    case Form::integer:
      return wanted.form == Form::integer || wanted.form == Form::floating;
    case Form::literal:
      if (wanted.form == Form::literal) return wanted.text == from.text;
      if (const Refinement* refined = refinement(wanted))
        return (refined->base == Form::string || refined->base == Form::path) &&
               !refined->refuses(text_value(from.text, refined->base));
      return wanted.form == Form::string || wanted.form == Form::path || wanted.form == Form::secret;
    case Form::string:
      return wanted.form == Form::string || wanted.form == Form::path || wanted.form == Form::secret ||
             wanted.form == Form::literal;
    case Form::map:
      // The nodes of a `for` over names are a map; where a list of nodes is wanted its keys do not matter.
      if (wanted.form == Form::list && without_null(from.of.front()).form == Form::node)
        return fits(from.of.front(), wanted.of.front(), program);
      return wanted.form == from.form && fits(from.of.front(), wanted.of.front(), program);
    case Form::list:
      return wanted.form == from.form && fits(from.of.front(), wanted.of.front(), program);
    case Form::node: {
      if (wanted.form != Form::node) return false;
      if (wanted.text.empty() || wanted.text == from.text || from.text.empty()) return true;
      if (program.vocabulary.inherits(from.text, wanted.text)) return true;
      const KindDecl* behind = native_behind(from.text, program);
      return behind != nullptr && program.vocabulary.inherits(behind->name, wanted.text);
    }
    case Form::made:
      return wanted.form == Form::made && wanted.text == from.text;
    default:
      return wanted.form == from.form;
  }
}

Type widened(const Type& type) {
  if (type.form == Form::literal) return simple(Form::string);
  Type result = type;
  for (Type& inner : result.of) inner = widened(inner);
  return result.form == Form::one_of ? one_of(std::move(result.of)) : result;
}

Type joined(const Type& a, const Type& b) {
  if (a == b) return a;
  if (a.form == Form::poison || b.form == Form::poison) return simple(Form::poison);
  if ((a.form == Form::integer && b.form == Form::floating) ||
      (a.form == Form::floating && b.form == Form::integer))
    return simple(Form::floating);
  const bool texts = (a.form == Form::literal || a.form == Form::string) &&
                     (b.form == Form::literal || b.form == Form::string);
  if (texts && (a.form == Form::string || b.form == Form::string)) return simple(Form::string);
  if (a.form == b.form && (a.form == Form::list || a.form == Form::map))
    return Type{a.form, {}, {joined(a.of.front(), b.of.front())}};
  Type either = one_of({a, b});
  // Many different literals are a string: nobody wants to read them all.
  if (either.form == Form::one_of && either.of.size() > 16) either = widened(either);
  return either;
}

Type without_null(const Type& type) {
  if (type.form != Form::one_of) return type;
  std::vector<Type> rest;
  for (const Type& each : type.of)
    if (each.form != Form::null) rest.push_back(each);
  return rest.empty() ? simple(Form::null) : one_of(std::move(rest));
}

bool accepts_null(const Type& type) {
  if (type.form == Form::one_of) return std::any_of(type.of.begin(), type.of.end(), accepts_null);
  return type.form == Form::null || type.form == Form::any || type.form == Form::poison;
}

bool accepts_map(const Type& type) {
  if (type.form == Form::one_of) return std::any_of(type.of.begin(), type.of.end(), accepts_map);
  return type.form == Form::map;
}

std::optional<std::string> node_type_in(const Type& type) {
  const Type rest = without_null(type);
  if (rest.form != Form::node) return std::nullopt;
  return rest.text;
}

bool belongs_to_instance(std::string_view setting) {
  constexpr std::array<std::string_view, 8> own = {"after", "when",          "profiles",    "timeout",
                                                   "retry", "allow_failure", "description", "pool"};
  return std::find(own.begin(), own.end(), setting) != own.end();
}

}  // namespace cairn
