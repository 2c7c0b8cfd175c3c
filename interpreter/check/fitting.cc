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

bool accepts(const Type& type, Form form) {
  if (type.form == Form::one_of)
    return std::any_of(type.of.begin(), type.of.end(),
                       [form](const Type& each) { return accepts(each, form); });
  return type.form == form;
}

const Type* alternative(const Type& type, Form form) {
  if (type.form == form) return &type;
  if (type.form == Form::one_of)
    for (const Type& each : type.of)
      if (each.form == form) return &each;
  return nullptr;
}

std::vector<std::string> literals_of(const Type& type) {
  std::vector<std::string> found;
  if (type.form == Form::literal) found.push_back(type.text);
  if (type.form == Form::one_of)
    for (const Type& each : type.of)
      if (each.form == Form::literal) found.push_back(each.text);
  return found;
}

std::string with_article(const Type& wanted) {
  const Type rest = without_null(wanted);
  switch (rest.form) {
    case Form::one_of:
    case Form::literal:
      return show(rest);
    case Form::list:
    case Form::map:
      return "a " + show(rest);
    default:
      return described(rest);
  }
}

std::string words_of(const std::string& text) {
  std::string list;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find(' ', begin);
    const std::string word = text.substr(begin, end == std::string::npos ? end : end - begin);
    if (!word.empty()) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", word);
    if (end == std::string::npos) break;
    begin = end + 1;
  }
  return "[" + list + "]";
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
    for (std::size_t i = 0; i < map->entries.size(); ++i) {
      const syntax::MapEntry& entry = map->entries[i];
      const Type key = type(*entry.key, standing);
      std::string place = fmt::format("an entry of {}", what);
      if (key.form == Form::literal) place = fmt::format("`{}` in {}", key.text, what);
      if (std::holds_alternative<syntax::NullLiteral>(entry.value->is)) continue;
      expect(*entry.value, as_map->of.front(), standing, place);
      for (std::size_t j = 0; j < i && key.form == Form::literal; ++j) {
        const syntax::Text* other = std::get_if<syntax::Text>(&map->entries[j].key->is);
        if (other == nullptr || other->parts.size() > 1 ||
            (other->parts.empty() ? !key.text.empty()
                                  : other->parts.front().hole || other->parts.front().text != key.text))
          continue;
        diagnostics_
            .error("S0202", entry.key->span, fmt::format("the key `{}` is given twice", key.text),
                   "given again")
            .label(map->entries[j].key->span, "first given here");
        program_.poisoned.insert(entry.key.get());
        break;
      }
    }
    return true;
  }
  return false;
}

void Typer::report_mismatch(const syntax::Expr& expression, const Type& found, const Type& wanted,
                            const std::string& what) {
  const std::string written(program_.sources.text(expression.span));
  program_.poisoned.insert(&expression);
  const auto report = [&](std::string message) -> Diagnostic& {
    return diagnostics_.error("S0302", expression.span, std::move(message),
                              fmt::format("this is {}", described(found)));
  };
  if (const syntax::DurationLiteral* duration = std::get_if<syntax::DurationLiteral>(&expression.is);
      duration != nullptr && accepts(wanted, Form::size)) {
    const std::int64_t minutes = duration->milliseconds / 60'000;
    Diagnostic& error =
        report(minutes > 0 && duration->milliseconds % 60'000 == 0
                   ? fmt::format("{} is a size, `{}` is a duration of {} minutes", what, written, minutes)
                   : fmt::format("{} is a size, `{}` is a duration", what, written));
    if (written.ends_with('m')) error.help(fmt::format("`{}MiB`", written.substr(0, written.size() - 1)));
    return;
  }
  if (found.form == Form::integer && std::holds_alternative<syntax::IntLiteral>(expression.is)) {
    if (accepts(wanted, Form::duration))
      return void(report(fmt::format("{} is a duration, `{}` is a number", what, written))
                      .help(fmt::format("`{}s`", written)));
    if (accepts(wanted, Form::size))
      return void(report(fmt::format("{} is a size, `{}` is a number", what, written))
                      .help(fmt::format("`{0}MiB`, or `{0}B` for bytes", written)));
    if (accepts(wanted, Form::string))
      return void(report(fmt::format("{} is a string, `{}` is a number", what, written))
                      .help(fmt::format("`\"{}\"`", written)));
    if (accepts(wanted, Form::boolean))
      return void(report(fmt::format("{} is a bool, `{}` is a number", what, written))
                      .help(written == "0" ? "`false`" : "`true`"));
  }
  if (found.form == Form::literal) {
    const std::string& text = found.text;
    const std::vector<std::string> words = literals_of(wanted);
    if (!words.empty()) {
      Diagnostic& error = report(fmt::format("{} is {}, not \"{}\"", what, show(without_null(wanted)), text));
      if (const auto near = suggest(text, words)) error.help(fmt::format("did you mean \"{}\"?", *near));
      return;
    }
    const bool number =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    const bool starts_as_number = !text.empty() && text.front() >= '0' && text.front() <= '9';
    if ((accepts(wanted, Form::integer) || accepts(wanted, Form::floating)) && number)
      return void(report(fmt::format("{} is {}, found a string", what, with_article(wanted)))
                      .help(fmt::format("`{}` without quotes", text)));
    if ((accepts(wanted, Form::duration) || accepts(wanted, Form::size)) && starts_as_number)
      return void(report(fmt::format("{} is {}, found a string", what, with_article(wanted)))
                      .help(fmt::format("`{}` without quotes", text)));
    if (accepts(wanted, Form::boolean)) {
      Diagnostic& error = report(fmt::format("{} is a bool, found a string", what));
      const bool yes = text == "true" || text == "yes" || text == "on";
      if (yes || text == "false" || text == "no" || text == "off") error.help(yes ? "`true`" : "`false`");
      return;
    }
    if (accepts(wanted, Form::list)) {
      Diagnostic& error =
          report(fmt::format("{} is {}, found a string", what, with_article(wanted))).help(words_of(text));
      if (what == "`command`" || what == "`entrypoint`") error.help("`script` takes lines for a shell");
      return;
    }
    if (accepts(wanted, Form::node)) {
      const Type* node = alternative(wanted, Form::node);
      return void(report(fmt::format("{} is {}, found a string", what, with_article(wanted)))
                      .note(node->text.empty()
                                ? "a block is named without quotes"
                                : fmt::format("a `{}` block is named without quotes", node->text)));
    }
  }
  if (found.form == Form::string && accepts(wanted, Form::list)) {
    Diagnostic& error =
        report(fmt::format("{} is {}, found a string", what, with_article(wanted))).help("[\"…\", \"…\"]");
    if (what == "`command`" || what == "`entrypoint`") error.help("`script` takes lines for a shell");
    return;
  }
  if (found.form == Form::secret && accepts(wanted, Form::string)) {
    const bool line = what.ends_with("`command`") || what.ends_with("`entrypoint`");
    Diagnostic& error =
        diagnostics_.error("S0306", expression.span,
                           line ? fmt::format("a secret in {} can be read by everybody on the machine",
                                              what.substr(what.find('`')))
                                : fmt::format("{} takes no secret", what),
                           "a secret");
    if (line) error.help("hand it over in `env` or `files`");
    error.help(fmt::format("`reveal({})` says that it may be shown", written));
    return;
  }
  if (found.form == Form::list && accepts(wanted, Form::map)) {
    report(fmt::format("{} is {}, found a list", what, with_article(wanted))).help("{ NAME = \"value\" }");
    return;
  }
  const Type node_found = without_null(found);
  if (node_found.form == Form::node) {
    Diagnostic& error =
        report(fmt::format("{} is {}, found {}", what, with_article(wanted), described(node_found)));
    for (const std::string& name : exports_of(node_found.text)) {
      Type exported;
      const UserKind* user = program_.user_kind(node_found.text);
      const syntax::Export* own = user == nullptr ? nullptr : user->find_export(name);
      const KindDecl* native = native_behind(node_found.text, program_);
      if (own != nullptr)
        exported = type_of_export(*user, *own);
      else if (native != nullptr && native->find_export(name) != nullptr)
        exported = native->find_export(name)->type;
      else
        continue;
      if (exported.form != Form::node && alternative(wanted, Form::node) != nullptr) continue;
      if (exported.form == Form::poison || exported.form == Form::any || name == "stopped" ||
          !fits(exported, wanted, program_))
        continue;
      error.help(fmt::format("`{}.{}`", written, name));
      break;
    }
    return;
  }
  if (found.form == Form::list && found.of.front().form == Form::node && accepts(wanted, Form::node)) {
    report(fmt::format("{} is {}, found {}", what, with_article(wanted), described(found)))
        .help(fmt::format("`{}[0]` is one of them", written));
    return;
  }
  Diagnostic& error =
      report(fmt::format("{} is {}, found {}", what, with_article(wanted), described(without_null(found))));
  if (found.form == Form::floating && accepts(wanted, Form::integer))
    error.help(fmt::format("`round({})`", written));
}

}  // namespace cairn
