// Calls of functions: arguments find their places, type variables get their types.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "grammar/suggest.h"
#include "interpreter/check/typer.h"
#include "interpreter/foreign.h"

namespace cairn {
namespace {

using Form = Type::Form;

// What the variables in a signature stand for, from what is given.
void bind(const Type& declared, const Type& given, std::map<std::string, Type>& variables) {
  if (declared.form == Form::variable) {
    const auto known = variables.find(declared.text);
    if (known == variables.end())
      variables.emplace(declared.text, given);
    else
      known->second = joined(known->second, given);
    return;
  }
  const Type is = without_null(given);
  if (declared.form == Form::one_of) {
    for (const Type& each : declared.of)
      if (each.form == is.form || each.form == Form::variable) return bind(each, is, variables);
    return;
  }
  if (declared.form == is.form && !declared.of.empty() && !is.of.empty())
    bind(declared.of.front(), is.of.front(), variables);
}

Type substituted(const Type& declared, const std::map<std::string, Type>& variables) {
  if (declared.form == Form::variable) {
    const auto known = variables.find(declared.text);
    return known == variables.end() ? simple(Form::any) : known->second;
  }
  Type result = declared;
  for (Type& inner : result.of) inner = substituted(inner, variables);
  return result.form == Form::one_of ? one_of(std::move(result.of)) : result;
}

bool has_variable(const Type& type) {
  return type.form == Form::variable || std::any_of(type.of.begin(), type.of.end(), has_variable);
}

std::string signature(const FunctionDecl& declared) {
  std::string text;
  for (const TakesDecl& takes : declared.takes)
    text += fmt::format("{}{}: {}{}", text.empty() ? "" : ", ", takes.name, show(takes.type),
                        takes.variadic ? "..." : "");
  return fmt::format("{}({})", declared.name, text);
}

}  // namespace

Type Typer::type_of_call(const syntax::Expr& expression, const syntax::Call& call, const Standing& standing) {
  const std::string& name = call.function.text;
  const FunctionDecl* declared = program_.vocabulary.function(name);
  if (declared == nullptr) {
    for (const syntax::Argument& argument : call.arguments.items) type(*argument.value, standing);
    Diagnostic& error = diagnostics_.error("S0213", call.function.span,
                                           fmt::format("no function named `{}`", name), "not found");
    const Resolved resolved = resolve(name, *standing.region);
    if (const ForeignValue* known = foreign_function(name))
      error.help(std::string(known->answer));
    else if (const auto near = suggest(name, program_.vocabulary.function_names()))
      error.help(fmt::format("did you mean `{}`?", *near));
    else if (resolved.form == Resolved::Form::declaration)
      error.note(fmt::format("`{}` is a value: it takes no arguments", name));
    else if (program_.vocabulary.kind(name) != nullptr)
      error.note(fmt::format("`{}` is a kind: `{} name {{ … }}` declares one", name, name));
    return poison(expression);
  }
  std::map<std::string, Type> variables;
  std::vector<const syntax::Argument*> given(declared->takes.size(), nullptr);
  bool failed = false;
  std::size_t unnamed = 0;
  bool secret = false;
  const auto is_secret = [&](const syntax::Argument& argument) {
    const std::size_t before = diagnostics_.all().size();
    const Type found = type(*argument.value, standing);
    return diagnostics_.all().size() == before && found.form == Form::secret && name != "reveal";
  };
  const auto take = [&](const TakesDecl& takes, const syntax::Argument& argument) {
    const std::string what = fmt::format("`{}` of `{}`", takes.name, name);
    if (has_variable(takes.type)) {
      const std::size_t before = diagnostics_.all().size();
      const Type found = type(*argument.value, standing);
      bind(takes.type, found, variables);
      const Type wanted = substituted(takes.type, variables);
      if (diagnostics_.all().size() == before && !fits(found, wanted, program_))
        expect(*argument.value, wanted, standing, what);
    } else if (declared->result.form != Form::made && name != "secret" &&
               fits(simple(Form::string), takes.type, program_) && is_secret(argument)) {
      secret = true;  // what a function computes from a secret is one
    } else {
      expect(*argument.value, takes.type, standing, what);
    }
  };
  for (const syntax::Argument& argument : call.arguments.items) {
    std::size_t place = declared->takes.size();
    if (argument.name) {
      for (std::size_t i = 0; i < declared->takes.size(); ++i)
        if (declared->takes[i].name == argument.name->text) place = i;
      if (place == declared->takes.size()) {
        std::vector<std::string> names;
        for (const TakesDecl& takes : declared->takes) names.push_back(takes.name);
        Diagnostic& error = diagnostics_
                                .error("S0213", argument.name->span,
                                       fmt::format("`{}` takes no `{}`", name, argument.name->text))
                                .note(signature(*declared));
        if (const auto near = suggest(argument.name->text, names))
          error.help(fmt::format("did you mean `{}`?", *near));
        failed = true;
        continue;
      }
    } else {
      place = unnamed;
      if (place < declared->takes.size() && !declared->takes[place].variadic) ++unnamed;
      if (place >= declared->takes.size()) {
        if (!failed)
          diagnostics_
              .error("S0213", argument.span,
                     fmt::format("`{}` takes {} argument{}", name, declared->takes.size(),
                                 declared->takes.size() == 1 ? "" : "s"),
                     "one too many")
              .note(signature(*declared));
        failed = true;
        continue;
      }
    }
    const TakesDecl& takes = declared->takes[place];
    if (given[place] != nullptr && !takes.variadic) {
      diagnostics_
          .error("S0202", argument.span, fmt::format("`{}` is given twice", takes.name), "given again")
          .label(given[place]->span, "first given here");
      failed = true;
      continue;
    }
    given[place] = &argument;
    take(takes, argument);
  }
  for (std::size_t i = 0; i < given.size() && !failed; ++i) {
    const TakesDecl& takes = declared->takes[i];
    if (given[i] != nullptr || takes.variadic || takes.default_value != nullptr || accepts_null(takes.type))
      continue;
    diagnostics_
        .error("S0213", call.arguments.span, fmt::format("`{}` needs its `{}`", name, takes.name),
               "not given")
        .note(signature(*declared));
    failed = true;
  }
  if (failed) return poison(expression);
  Type result = substituted(declared->result, variables);
  return secret && result.form == Form::string ? simple(Form::secret) : result;
}

}  // namespace cairn
