// A name that stands for no value: what may have been meant.
#include <fmt/format.h>

#include <algorithm>

#include "grammar/suggest.h"
#include "interpreter/check/typer.h"
#include "interpreter/declare.h"
#include "interpreter/foreign.h"

namespace cairn {
namespace {

using Form = Type::Form;

// "HOME", "DB_URL"
bool in_capitals(std::string_view name) {
  return name.size() > 1 &&
         std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool expects_word(const Type* expected, std::string_view name) {
  if (expected == nullptr) return false;
  if (expected->form == Form::one_of)
    return std::any_of(expected->of.begin(), expected->of.end(),
                       [&](const Type& each) { return expects_word(&each, name); });
  return expected->form == Form::literal && expected->text == name;
}

// Where a text would do, a name that nothing declares was meant as one.
bool expects_text(const Type* expected) {
  if (expected == nullptr) return false;
  if (expected->form == Form::one_of)
    return std::any_of(expected->of.begin(), expected->of.end(),
                       [](const Type& each) { return expects_text(&each); });
  return expected->form == Form::string || expected->form == Form::path;
}

}  // namespace

bool in_syntax_error(const Diagnostics& diagnostics, Span span) {
  return std::any_of(diagnostics.all().begin(), diagnostics.all().end(), [&](const Diagnostic& known) {
    const Span its = known.primary.span;
    return known.code.starts_with("S01") && its.file == span.file && its.begin <= span.begin &&
           span.end <= its.end;
  });
}

std::vector<std::string> Typer::visible_names(const Standing& standing) const {
  std::vector<std::string> visible;
  for (const auto& [local, type] : standing.locals) visible.push_back(local);
  for (const Region* region = standing.region; region != nullptr; region = region->parent) {
    if (const syntax::For* each = region->each())
      for (const syntax::Name& variable : each->variables) visible.push_back(variable.text);
    if (region->scope != region) continue;
    std::vector<std::string> declared;
    for (const auto& [known, declarations] : region->names) declared.emplace_back(known);
    std::sort(declared.begin(), declared.end());
    visible.insert(visible.end(), declared.begin(), declared.end());
    if (region->form == RegionForm::file)
      for (const UseBinding& use : region->module->uses) visible.push_back(use.name);
  }
  return visible;
}

void Typer::report_unknown_name(const syntax::Expr& expression, const syntax::Name& name,
                                const Standing& standing) {
  // In `image = postgres:16` and `not x` the words are no names: told already.
  if (in_syntax_error(diagnostics_, name.span)) return;
  const std::vector<std::string> visible = visible_names(standing);
  const std::string& text = name.text;
  Diagnostic& error =
      diagnostics_.error("S0201", expression.span, fmt::format("no value named `{}`", text), "not found");
  const auto help = [&error](std::string what) { error.help(std::move(what)); };
  const std::size_t dash = text.find('-');
  if (dash != std::string::npos) {
    const std::string left = text.substr(0, dash);
    if (std::find(visible.begin(), visible.end(), left) != visible.end())
      return help(fmt::format("`{} - {}` with blanks subtracts", left,
                              text.substr(text.find_first_not_of('-', dash))));
  }
  if (expects_word(expected_, text)) return help(fmt::format("a text stands in quotes: `\"{}\"`", text));
  const bool words_only = expected_ != nullptr && alternative(*expected_, Form::literal) != nullptr &&
                          alternative(*expected_, Form::boolean) == nullptr;
  if (words_only && alternative(*expected_, Form::node) == nullptr) {
    error.note(fmt::format("what is taken here is {}", show(without_null(*expected_))));
    return;
  }
  if (const ForeignValue* known = foreign_value(text)) return help(std::string(known->answer));
  if (const auto near = suggest(text, visible)) return help(fmt::format("did you mean `{}`?", *near));
  if (in_capitals(text))
    return help(fmt::format("a variable of the environment is read with `env(\"{}\")`", text));
  if (program_.vocabulary.function(text) != nullptr)
    return help(fmt::format("`{}` is a function: `{}(…)`", text, text));
  if (program_.vocabulary.kind(text) != nullptr) {
    error.note(fmt::format("`{}` is a kind: `{} name {{ … }}` declares one", text, text));
    return;
  }
  // A name of a stage is read through it.
  for (const std::unique_ptr<Module>& module : program_.modules)
    for (const std::unique_ptr<Region>& region : module->regions)
      if (region->form == RegionForm::stage && module->region == region->parent &&
          named_in(*region, text) != nullptr)
        return help(fmt::format(
            "`{}.{}`", cairn::name_of(*std::get_if<syntax::Block>(&region->statement->is)).text, text));
  if (expects_text(expected_)) help(fmt::format("a text stands in quotes: `\"{}\"`", text));
}

}  // namespace cairn
