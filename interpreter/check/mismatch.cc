// What is said of an expression that does not fit where it stands, and what is to be written instead.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "grammar/suggest.h"
#include "interpreter/check/typer.h"
#include "interpreter/check/written_elsewhere.h"
#include "interpreter/refinement.h"
#include "interpreter/suggestions.h"

namespace cairn {
namespace {

using Form = Type::Form;

std::vector<std::string> literals_of(const Type& type) {
  std::vector<std::string> found;
  if (type.form == Form::literal) found.push_back(type.text);
  if (type.form == Form::one_of)
    for (const Type& each : type.of)
      if (each.form == Form::literal) found.push_back(each.text);
  return found;
}

std::string with_article(const Type& wanted) {
  return described(without_null(wanted));
}

// The literals as they are written, then what else is taken.
std::string choices_of(const Type& wanted) {
  return show(without_null(wanted));
}

// Why no alternative takes this text, when one of them is a string with a rule; the last one's word counts.
std::optional<std::string> refusal_of(const std::string& text, const Type& wanted) {
  std::optional<std::string> why;
  for (const Type& each : wanted.form == Form::one_of ? wanted.of : std::vector<Type>{wanted}) {
    const Refinement* refined = refinement(each);
    if (refined == nullptr || (each.form != Form::string && each.form != Form::path)) continue;
    Value value;
    if (each.form == Form::path)
      value.is = Path{text, {}};
    else
      value.is = text;
    why = refined->refuses(value);
  }
  return why;
}

// "npm run test" as a list: `["npm", "run", "test"]`.
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

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

// One misfit. Each method looks for one kind of mistake and says whether it has told of it.
class Typer::Mismatch {
 public:
  Mismatch(Typer& typer, const syntax::Expr& expression, const Type& found, const Type& wanted,
           const Standing& standing, const std::string& what)
      : typer_(typer),
        expression_(expression),
        found_(found),
        wanted_(wanted),
        standing_(standing),
        what_(what),
        written_(typer.program_.sources.text(expression.span)) {}

  void tell() {
    if (typer_.diagnostics_.has_syntax_error_within(expression_.span)) return;  // it was to be something else
    if (duration_for_size() || number_without_unit() || literal_for_other() || text_for_list() ||
        secret_for_text() || list_for_map() || texts_for_nodes() || list_for_text() || map_for_retry() ||
        map_for_list() || node_for_value() || nodes_for_node())
      return;
    Diagnostic& error = wrong(without_null(shown_type()));
    if (found_.form == Form::floating && accepts(Form::integer))
      error.help(fmt::format("`round({})`", written_));
  }

 private:
  bool accepts(Form form) const { return alternative(wanted_, form) != nullptr; }

  Diagnostic& report(std::string message) {
    return typer_.diagnostics_.error("S0302", expression_.span, std::move(message),
                                     fmt::format("this is {}", described(shown_type())));
  }
  // "`ports` is a list of ints, found a map"
  Diagnostic& wrong(const std::string& found) {
    return report(fmt::format("{} is {}, found {}", what_, with_article(wanted_), found));
  }
  Diagnostic& wrong(const Type& found) { return wrong(described(found)); }

  // One text is shown as it is; nobody wants to read those of a list again.
  Type shown_type() const { return found_.form == Form::literal ? found_ : widened(found_); }

  bool duration_for_size() {
    const syntax::DurationLiteral* duration = std::get_if<syntax::DurationLiteral>(&expression_.is);
    if (duration == nullptr || !accepts(Form::size)) return false;
    const std::int64_t minutes = duration->milliseconds / 60'000;
    const bool whole = minutes > 0 && duration->milliseconds % 60'000 == 0;
    Diagnostic& error = report(fmt::format("{} is a size, `{}` is a duration{}", what_, written_,
                                           whole ? fmt::format(" of {} minutes", minutes) : ""));
    if (written_.ends_with('m')) error.help(fmt::format("`{}MiB`", written_.substr(0, written_.size() - 1)));
    return true;
  }

  bool number_without_unit() {
    if (found_.form != Form::integer || !std::holds_alternative<syntax::IntLiteral>(expression_.is))
      return false;
    struct Meant {
      Form form;
      const char* name;
      std::string instead;
    };
    const Meant all[] = {{Form::duration, "a duration", fmt::format("`{}s`", written_)},
                         {Form::size, "a size", fmt::format("`{0}MiB`, or `{0}B` for bytes", written_)},
                         {Form::string, "a string", fmt::format("`\"{}\"`", written_)},
                         {Form::boolean, "a bool", written_ == "0" ? "`false`" : "`true`"}};
    for (const Meant& meant : all) {
      if (!accepts(meant.form)) continue;
      report(fmt::format("{} is {}, `{}` is a number", what_, meant.name, written_)).help(meant.instead);
      return true;
    }
    return false;
  }

  bool literal_for_other() {
    if (found_.form != Form::literal) return false;
    return refused_text() || other_literal() || quoted_number() || quoted_bool() || text_for_map() ||
           quoted_node() || quoted_list() || bare_made();
  }

  bool refused_text() {
    const std::optional<std::string> why = refusal_of(found_.text, wanted_);
    if (!why) return false;
    Diagnostic& error = typer_.diagnostics_.error("S0302", expression_.span,
                                                  fmt::format("{} cannot be {}", what_, written_), *why);
    if (accepts(Form::node) && declares_block(found_.text))
      error.help(fmt::format("`{}`: a block is named without quotes", found_.text));
    return true;
  }

  bool other_literal() {
    const std::vector<std::string> words = literals_of(wanted_);
    if (words.empty()) return false;
    Diagnostic& error = report(fmt::format("{} is {}, not \"{}\"", what_, choices_of(wanted_), found_.text));
    const std::size_t colon = found_.text.find(':');
    if (const auto near = suggest(found_.text, words))
      error.help(fmt::format("did you mean \"{}\"?", *near));
    else if (accepts(Form::node) && colon != std::string::npos &&
             declares_block(found_.text.substr(colon + 1)))
      error.help(fmt::format("`{}`: a block is named without quotes", found_.text.substr(colon + 1)));
    else if (accepts(Form::node))
      name_of_block(error);
    return true;
  }

  // `env = "A=1"`
  bool text_for_map() {
    if (!accepts(Form::map) || accepts(Form::list)) return false;
    Diagnostic& error = wrong("a string");
    if (const auto instead = as_map_of_settings(expression_, *alternative(wanted_, Form::map)))
      error.help(fmt::format("`{}`", *instead));
    return true;
  }

  bool quoted_number() {
    const std::string& text = found_.text;
    if (text.empty() || !is_digit(text.front())) return false;
    const bool whole = std::all_of(text.begin(), text.end(), is_digit);
    const bool real = std::count(text.begin(), text.end(), '.') == 1 && is_digit(text.back()) &&
                      text.find_first_not_of("0123456789.") == std::string::npos;
    const bool fits_number =
        (whole && accepts(Form::integer)) || ((whole || real) && accepts(Form::floating));
    if (!fits_number && !accepts(Form::duration) && !accepts(Form::size)) return false;
    const std::string instead = fits_number ? text : with_unit(text);
    wrong("a string").help(fmt::format("`{}` without quotes", instead));
    return true;
  }

  // "512m" as the size 512MiB, "180" as the duration 180s; anything else as it is.
  std::string with_unit(const std::string& text) const {
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits == std::string::npos) return text + (accepts(Form::duration) ? "s" : "MiB");
    if (!accepts(Form::size)) return text;
    const char unit = static_cast<char>(std::toupper(static_cast<unsigned char>(text[digits])));
    if (std::string_view("KMGT").find(unit) == std::string_view::npos) return text;
    return text.substr(0, digits) + unit + "iB";
  }

  bool quoted_bool() {
    if (!accepts(Form::boolean)) return false;
    Diagnostic& error = report(fmt::format("{} is a bool, found a string", what_));
    const std::string& text = found_.text;
    if (text == "true" || text == "yes" || text == "on") error.help("`true`");
    if (text == "false" || text == "no" || text == "off") error.help("`false`");
    return true;
  }

  bool quoted_list() {
    if (!accepts(Form::list)) return false;
    Diagnostic& error = wrong("a string");
    // What only a shell understands is no word of a program.
    const bool shell = found_.text.find_first_of("&|;<>$*\"'`\n") != std::string::npos;
    error.help(
        fmt::format("`{}`", shell ? fmt::format("[\"sh\", \"-c\", {}]", written_) : words_of(found_.text)));
    if (what_ == "`command`" || what_ == "`entrypoint`")
      error.help("`script` of a `run` takes lines for a shell");
    return true;
  }

  bool quoted_node() {
    if (!accepts(Form::node)) return false;
    name_of_block(wrong("a string"));
    return true;
  }

  bool declares_block(const std::string& name) const {
    return standing_.region != nullptr &&
           resolve(name, *standing_.region).form == Resolved::Form::declaration;
  }

  void name_of_block(Diagnostic& error) {
    const Type& node = *alternative(wanted_, Form::node);
    if (declares_block(found_.text)) {
      error.help(fmt::format("`{}`: a block is named without quotes", found_.text));
      return;
    }
    error.note(node.text.empty()
                   ? fmt::format("a block is named without quotes, and none here is called `{}`", found_.text)
                   : fmt::format("a `{}` block is named without quotes, and none here is called `{}`",
                                 node.text, found_.text));
    if (const auto near = suggest(found_.text, typer_.visible_names(standing_)))
      error.help(fmt::format("did you mean `{}`?", *near));
  }

  // `after = ["db", "cache"]`
  bool texts_for_nodes() {
    const syntax::ListLiteral* list = std::get_if<syntax::ListLiteral>(&expression_.is);
    if (list == nullptr || !accepts(Form::list) || widened(found_).of.front().form != Form::string)
      return false;
    if (alternative(alternative(wanted_, Form::list)->of.front(), Form::node) == nullptr) return false;
    std::string names;
    for (const syntax::ExprPtr& item : list->items) {
      const std::string_view text = typer_.program_.sources.text(item->span);
      names += fmt::format("{}{}", names.empty() ? "" : ", ", text.substr(1, text.size() - 2));
    }
    wrong("a list of strings").help(fmt::format("`[{}]`: blocks are named without quotes", names));
    return true;
  }

  // The lines of a script, each as an element.
  bool list_for_text() {
    if (found_.form != Form::list || !accepts(Form::string) || accepts(Form::list)) return false;
    Diagnostic& error = wrong(shown_type());
    if (what_.ends_with("`script`")) error.help("one text, a line each: `script = \"\"\"` … `\"\"\"`");
    return true;
  }

  // `retry = { times = 3 }`, as other tools have it.
  bool map_for_retry() {
    const Type* made = alternative(wanted_, Form::made);
    if (found_.form != Form::map || made == nullptr || made->text != "retry") return false;
    wrong("a map").help("`3`, or `retries(3, delay = 1s, max_delay = 20s)`");
    return true;
  }

  bool map_for_list() {
    const Type* list = alternative(wanted_, Form::list);
    if (found_.form != Form::map || accepts(Form::map) || (list == nullptr && !accepts(Form::string)))
      return false;
    Diagnostic& error = wrong(shown_type());
    if (const auto instead = as_list_of_elements(expression_, list == nullptr ? wanted_ : list->of.front(),
                                                 typer_.program_.sources))
      error.help(fmt::format("`{}`", *instead));
    return true;
  }

  // A file's name where a report is meant, an address where a probe is.
  bool bare_made() {
    const Type* made = alternative(wanted_, Form::made);
    if (made == nullptr) return false;
    Diagnostic& error = wrong("a string");
    if (made->text == "report_file")
      error.help(fmt::format("`junit({})`, or `tap`, `trx`, `cobertura`, `gotest`", written_));
    if (made->text == "check")
      error.help("`tcp(PORT)`, `http(PORT, path = …)`, `exec([…])`, `log(…)`, `healthy()`");
    return true;
  }

  bool text_for_list() {
    if (found_.form != Form::string || !accepts(Form::list)) return false;
    Diagnostic& error = wrong("a string").help("`[\"…\", \"…\"]`");
    if (what_ == "`command`" || what_ == "`entrypoint`")
      error.help("`script` of a `run` takes lines for a shell");
    return true;
  }

  bool secret_for_text() {
    if (found_.form != Form::secret || !accepts(Form::string)) return false;
    const bool line = what_.ends_with("`command`") || what_.ends_with("`entrypoint`");
    Diagnostic& error =
        typer_.diagnostics_.error("S0306", expression_.span,
                                  line ? fmt::format("a secret in {} can be read by everybody on the machine",
                                                     what_.substr(what_.find('`')))
                                       : fmt::format("{} takes no secret", what_),
                                  "a secret");
    if (line) error.help("hand it over in `env` or `files`");
    error.help(fmt::format("`reveal({})` says that it may be shown", written_));
    return true;
  }

  bool list_for_map() {
    if (found_.form != Form::list || !accepts(Form::map)) return false;
    const auto instead = as_map_of_settings(expression_, *alternative(wanted_, Form::map));
    wrong("a list").help(instead ? fmt::format("`{}`", *instead) : std::string("`{ NAME = \"value\" }`"));
    return true;
  }

  // A block where one of its exports was meant.
  bool node_for_value() {
    const Type node = without_null(found_);
    if (node.form != Form::node) return false;
    Diagnostic& error = wrong(node);
    for (const std::string& name : typer_.exports_of(node.text)) {
      const std::optional<Type> exported = type_of_export_named(node.text, name);
      if (!exported || name == "stopped") continue;
      if (exported->form != Form::node && accepts(Form::node)) continue;
      if (exported->form == Form::poison || exported->form == Form::any) continue;
      if (!fits(*exported, wanted_, typer_.program_)) continue;
      error.help(fmt::format("`{}.{}`", written_, name));
      break;
    }
    return true;
  }

  std::optional<Type> type_of_export_named(const std::string& kind, const std::string& name) {
    const UserKind* user = typer_.program_.user_kind(kind);
    if (const syntax::Export* own = user == nullptr ? nullptr : user->find_export(name))
      return typer_.type_of_export(*user, *own);
    const KindDecl* native = native_behind(kind, typer_.program_);
    if (native == nullptr || native->find_export(name) == nullptr) return std::nullopt;
    return native->find_export(name)->type;
  }

  bool nodes_for_node() {
    if (found_.form != Form::list || found_.of.front().form != Form::node || !accepts(Form::node))
      return false;
    wrong(shown_type()).help(fmt::format("`{}[0]` is one of them", written_));
    return true;
  }

  Typer& typer_;
  const syntax::Expr& expression_;
  const Type& found_;
  const Type& wanted_;
  const Standing& standing_;
  const std::string& what_;
  const std::string written_;
};

void Typer::report_mismatch(const syntax::Expr& expression, const Type& found, const Type& wanted,
                            const Standing& standing, const std::string& what) {
  program_.poisoned.insert(&expression);
  Mismatch(*this, expression, found, wanted, standing, what).tell();
}

}  // namespace cairn
