// What stands behind `.` and `[ ]`.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "grammar/suggest.h"
#include "interpreter/check/typer.h"
#include "interpreter/declare.h"
#include "interpreter/suggestions.h"

namespace cairn {
namespace {

using Form = Type::Form;

// What every stage and instance can be asked, however its own exports are called.
std::optional<Type> asked_of_all(std::string_view name) {
  if (name == "outcome") return simple(Form::string);
  if (name == "error") return optional_of(simple(Form::string));
  if (name == "seconds") return simple(Form::floating);
  return std::nullopt;
}

const syntax::Expr& without_groups(const syntax::Expr& expression) {
  const syntax::Expr* inner = &expression;
  while (const syntax::Group* group = std::get_if<syntax::Group>(&inner->is)) inner = group->inner.get();
  return *inner;
}

// How many elements a loop has, where its head says so.
std::optional<std::size_t> count_of(const syntax::For& each) {
  const syntax::Expr& source = without_groups(*each.source);
  if (const syntax::ListLiteral* list = std::get_if<syntax::ListLiteral>(&source.is))
    return list->items.size();
  const syntax::Call* call = std::get_if<syntax::Call>(&source.is);
  if (call == nullptr || call->function.text != "range" || call->arguments.items.size() != 1)
    return std::nullopt;
  const syntax::IntLiteral* count = std::get_if<syntax::IntLiteral>(&call->arguments.items.front().value->is);
  return count == nullptr || count->value < 0 ? std::nullopt
                                              : std::optional(static_cast<std::size_t>(count->value));
}

}  // namespace

const Declaration* Typer::stage_named(const syntax::Expr& expression, const Standing& standing) const {
  const syntax::NameRef* name = std::get_if<syntax::NameRef>(&without_groups(expression).is);
  if (name == nullptr) return nullptr;
  for (const auto& [local, type] : standing.locals)
    if (local == name->name.text) return nullptr;
  const Resolved resolved = resolve(name->name.text, *standing.region);
  if (resolved.form != Resolved::Form::declaration) return nullptr;
  const Declaration* declaration = resolved.declarations->front();
  return declaration->inner != nullptr ? declaration : nullptr;
}

std::vector<std::string> Typer::exports_of(const std::string& kind) {
  std::vector<std::string> names;
  if (const UserKind* user = program_.user_kind(kind)) {
    for (const syntax::Statement* exported : user->exports)
      names.push_back(std::get<syntax::Export>(exported->is).name.text);
    if (user->self_block == nullptr) names.insert(names.end(), {"outcome", "error", "seconds"});
  }
  if (const KindDecl* native = native_behind(kind, program_))
    for (const ExportDecl& exported : native->exports)
      if (std::find(names.begin(), names.end(), exported.name) == names.end()) names.push_back(exported.name);
  return names;
}

Type Typer::member_of_scope(const syntax::Expr& expression, const syntax::Member& member, const Region& scope,
                            const std::string& shown) {
  if (const std::vector<Declaration*>* found = named_in(scope, member.name.text)) {
    std::optional<Type> all;
    for (const Declaration* declaration : *found) {
      declaration->used = true;
      Type one = type_seen_from(*declaration, scope);
      all = all ? joined(*all, one) : std::move(one);
    }
    if (found->front()->form == DeclarationForm::param && scope.form == RegionForm::file) return *all;
    return *all;
  }
  std::vector<std::string> names;
  for (const auto& [name, declarations] : scope.names) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  Diagnostic& error = diagnostics_.error("S0211", member.name.span,
                                         fmt::format("{} has no `{}`", shown, member.name.text), "not found");
  if (const auto near = suggest(member.name.text, names))
    error.help(fmt::format("did you mean `{}`?", *near));
  else if (!names.empty())
    error.note(fmt::format("it has {}", quoted_list(names)));
  return poison(expression);
}

Type Typer::type_of_member(const syntax::Expr& expression, const syntax::Member& member,
                           const Standing& standing) {
  if (const syntax::NameRef* name = std::get_if<syntax::NameRef>(&member.object->is)) {
    const bool local = std::any_of(standing.locals.begin(), standing.locals.end(),
                                   [&](const auto& known) { return known.first == name->name.text; });
    const Resolved resolved =
        local || name->name.text == "self" ? Resolved{} : resolve(name->name.text, *standing.region);
    if (resolved.form == Resolved::Form::module) {
      resolved.use->used = true;
      if (resolved.use->module == nullptr) return poison(expression);
      const Module& module = *resolved.use->module;
      if (module.kind(member.name.text) != nullptr && named_in(*module.region, member.name.text) == nullptr) {
        diagnostics_
            .error("S0302", expression.span,
                   fmt::format("`{}.{}` is a kind, not a value", name->name.text, member.name.text))
            .help(fmt::format("`{}.{} NAME {{ … }}` declares one", name->name.text, member.name.text));
        return poison(expression);
      }
      return member_of_scope(expression, member, *module.region, fmt::format("module `{}`", name->name.text));
    }
  }
  if (const Declaration* stage = stage_named(*member.object, standing)) {
    stage->used = true;
    if (const auto asked = asked_of_all(member.name.text);
        asked && named_in(*stage->inner, member.name.text) == nullptr)
      return *asked;
    return member_of_scope(expression, member, *stage->inner, fmt::format("stage `{}`", stage->name));
  }
  const Type object = type(*member.object, standing);
  const Type is = without_null(object);
  switch (is.form) {
    case Form::poison:
      return poison(expression);
    case Form::any:
    case Form::variable:
      return simple(Form::any);
    case Form::map:
      return is.of.front();
    case Form::node:
      return member_of_node(expression, member, is.text, standing);
    case Form::one_of: {
      // Whatever one of the alternatives can be asked.
      std::optional<Type> all;
      for (const Type& each : is.of) {
        if (each.form != Form::node) return simple(Form::any);
        const std::vector<std::string> names = exports_of(each.text);
        if (std::find(names.begin(), names.end(), member.name.text) == names.end()) continue;
        Type one = member_of_node(expression, member, each.text, standing);
        all = all ? joined(*all, one) : std::move(one);
      }
      if (all) return *all;
      return member_of_node(expression, member, is.of.front().text, standing);
    }
    case Form::list: {
      const syntax::NameRef* name = std::get_if<syntax::NameRef>(&without_groups(*member.object).is);
      const std::string element =
          is.of.front().form == Form::node ? fmt::format("`{}`", is.of.front().text) : show(is.of.front());
      std::string count;
      if (name != nullptr && standing.region != nullptr) {
        const Resolved resolved = resolve(name->name.text, *standing.region);
        if (resolved.form == Resolved::Form::declaration &&
            resolved.declarations->front()->region->each() != nullptr)
          if (const auto counted = count_of(*resolved.declarations->front()->region->each()))
            count = fmt::format("{} ", *counted);
      }
      const std::string shown(program_.sources.text(member.object->span));
      diagnostics_
          .error("S0211", Span{member.name.span.file, member.object->span.end, expression.span.end},
                 fmt::format("`{}` is a list of {}{}", shown, count, element), "a list has no exports")
          .help(fmt::format("`{0}[0].{1}` reads it of one, `[for x in {0}: x.{1}]` of all", shown,
                            member.name.text));
      return poison(expression);
    }
    default:
      diagnostics_.error("S0211", member.name.span,
                         fmt::format("{} has no `.{}`", described(is), member.name.text));
      return poison(expression);
  }
}

Type Typer::member_of_node(const syntax::Expr& expression, const syntax::Member& member,
                           const std::string& kind, const Standing& standing) {
  const std::string& wanted = member.name.text;
  if (const UserKind* user = program_.user_kind(kind)) {
    if (const syntax::Export* exported = user->find_export(wanted)) {
      std::vector<TakesDecl> takes;
      for (const syntax::Field& field : exported->takes)
        takes.push_back({field.name.text, type_of(field.type, *user->module, program_, diagnostics_),
                         field.variadic, field.value.get()});
      check_arguments(member, takes, standing);
      return type_of_export(*user, *exported);
    }
  }
  const KindDecl* native = native_behind(kind, program_);
  if (native == nullptr || native->find_export(wanted) == nullptr)
    if (const auto asked = asked_of_all(wanted)) return *asked;
  if (kind.empty()) return simple(Form::any);
  const ExportDecl* exported = native == nullptr ? nullptr : native->find_export(wanted);
  if (exported != nullptr) {
    check_arguments(member, exported->takes, standing);
    return exported->type;
  }
  Diagnostic& error = diagnostics_.error(
      "S0211", member.name.span, fmt::format("`{}` has no export `{}`", kind, wanted), "not exported");
  const std::vector<std::string> names = exports_of(kind);
  const UserKind* user = program_.user_kind(kind);
  const bool setting = (native != nullptr && native->param(wanted) != nullptr) ||
                       (user != nullptr && user->param(wanted) != nullptr);
  if (const auto near = suggest(wanted, names))
    error.help(fmt::format("did you mean `{}`?", *near));
  else if (setting)
    error.note(fmt::format("`{}` is a setting: what goes in cannot be read from outside", wanted));
  else if (user != nullptr && named_in(*user->region, wanted) != nullptr)
    error.note(fmt::format("`{}` stands inside of kind `{}`, which does not export it", wanted, kind));
  else if (!names.empty())
    error.note(fmt::format("it exports {}", quoted_list(names, 12)));
  return poison(expression);
}

void Typer::check_arguments(const syntax::Member& member, const std::vector<TakesDecl>& takes,
                            const Standing& standing) {
  std::vector<bool> given(takes.size(), false);
  std::size_t unnamed = 0;
  if (member.arguments)
    for (const syntax::Argument& argument : member.arguments->items) {
      std::size_t place = takes.size();
      if (!argument.name)
        place = unnamed++;
      else
        for (std::size_t i = 0; i < takes.size(); ++i)
          if (takes[i].name == argument.name->text) place = i;
      if (place >= takes.size()) {
        if (argument.name)
          diagnostics_.error("S0213", argument.name->span,
                             fmt::format("`{}` takes no `{}`", member.name.text, argument.name->text));
        else
          diagnostics_.error("S0213", argument.span,
                             takes.empty() ? fmt::format("`{}` takes no arguments", member.name.text)
                                           : fmt::format("`{}` takes {} argument{}", member.name.text,
                                                         takes.size(), takes.size() == 1 ? "" : "s"));
        program_.poisoned.insert(argument.value.get());
        continue;
      }
      given[place] = true;
      expect(*argument.value, takes[place].type, standing,
             fmt::format("`{}` of `{}`", takes[place].name, member.name.text));
    }
  for (std::size_t i = 0; i < takes.size(); ++i)
    if (!given[i] && takes[i].default_value == nullptr && !accepts_null(takes[i].type)) {
      diagnostics_
          .error("S0213", member.name.span,
                 fmt::format("`{}` needs its `{}`", member.name.text, takes[i].name))
          .help(fmt::format("`.{}({})`", member.name.text, takes[i].name));
      return;
    }
}

Type Typer::type_of_index(const syntax::Expr& expression, const syntax::Index& index,
                          const Standing& standing) {
  const Type object = without_null(type(*index.object, standing));
  const Type at = type(*index.index, standing);
  if (object.form == Form::poison || at.form == Form::poison) return poison(expression);
  if (object.form == Form::any || object.form == Form::one_of || object.form == Form::variable)
    return simple(Form::any);
  const bool open = at.form == Form::any || at.form == Form::one_of;
  if (object.form == Form::list) {
    if (open || at.form == Form::integer) return object.of.front();
    diagnostics_.error("S0302", index.index->span,
                       fmt::format("a list is read by a number, not {}", described(at)));
    return poison(expression);
  }
  if (object.form == Form::map) {
    if (open || at.form == Form::string || at.form == Form::literal || at.form == Form::integer)
      return object.of.front();
    diagnostics_.error("S0302", index.index->span,
                       fmt::format("a map is read by a string, not {}", described(at)));
    return poison(expression);
  }
  Diagnostic& error = diagnostics_.error(
      "S0302", index.object->span, fmt::format("`[ ]` reads a list or a map, not {}", described(object)));
  if (object.form == Form::node) error.note("only what stands in a `for` is a list outside of it");
  return poison(expression);
}

}  // namespace cairn
