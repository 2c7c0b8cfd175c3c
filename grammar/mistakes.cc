#include "grammar/mistakes.h"

#include <algorithm>
#include <array>

#include "grammar/mistakes_explainer.h"

namespace cairn {

namespace {

constexpr std::array<std::string_view, 13> reserved{"use", "as",   "param",  "let",  "kind",  "for", "in",
                                                    "if",  "else", "export", "true", "false", "null"};

}  // namespace

bool is_reserved(std::string_view word) {
  return std::find(reserved.begin(), reserved.end(), word) != reserved.end();
}

char closer(char kind) {
  return kind == '(' ? ')' : kind == '[' ? ']' : '}';
}

bool is_quoted_kind(char kind) {
  return kind == '"' || kind == '\'' || kind == '3' || kind == 'r';
}

bool typographic(std::uint32_t code) {
  return (code >= 0x2018 && code <= 0x201F) || code == 0xAB || code == 0xBB;
}

Explained Explainer::run() {
  if (anywhere()) return std::move(made_);
  switch (s_.wanted) {
    case Wanted::text_close:
    case Wanted::raw_close:
    case Wanted::long_close:
      unclosed_text();
      break;
    case Wanted::hole_close:
      hole_close();
      break;
    case Wanted::value:
    case Wanted::operand:
      value();
      break;
    case Wanted::element_end:
    case Wanted::list_close:
    case Wanted::map_close:
    case Wanted::call_close:
    case Wanted::takes_close:
    case Wanted::group_close:
    case Wanted::index_close:
    case Wanted::type_close:
      closing();
      break;
    case Wanted::map_entry:
      map_entry();
      break;
    case Wanted::map_is:
      map_is();
      break;
    case Wanted::map_arrow:
      plain("`=>` between the key and its value", {}).help("`{ for k, v in m: k => v }`");
      break;
    case Wanted::each_colon:
      each_colon();
      break;
    case Wanted::choice_colon:
      plain("`:` and the value for the other case", {}).help("`condition ? value : other value`");
      break;
    case Wanted::variable:
      name("the name of a variable", "a loop variable");
      break;
    case Wanted::word_in:
      plain("`in`", "after the variables of `for`").help("`for name in list`, `for key, value in map`");
      break;
    case Wanted::body:
      body();
      break;
    case Wanted::member:
      member();
      break;
    case Wanted::type:
      name("a type", "a type");
      made_.diagnostic.help("`string`, `int`, `list(string)`, `\"a\" | \"b\"`, `postgres.server`");
      break;
    case Wanted::field:
      name("the name of a parameter", "a parameter");
      break;
    case Wanted::field_colon:
      plain("`:` and a type", "after the name of a parameter");
      break;
    case Wanted::use_path:
      use_path();
      break;
    case Wanted::use_name:
      name("a name", "a module");
      break;
    case Wanted::param_name:
      name("a name", "a param");
      break;
    case Wanted::let_name:
      name("a name", "a value");
      break;
    case Wanted::let_is:
      let_is();
      break;
    case Wanted::function_name:
      name("a name", "a function");
      break;
    case Wanted::takes:
      plain("`(` and the parameters", "after the name of a function");
      break;
    case Wanted::function_colon:
      plain("`:` and the type of the result", {});
      break;
    case Wanted::kind_name:
      name("a name", "a kind");
      break;
    case Wanted::export_name:
      name("a name", "an export");
      break;
    case Wanted::block_rest:
      block_rest();
      break;
    case Wanted::statement:
      statement();
      break;
    case Wanted::statement_end:
    case Wanted::lone_end:
      after_value();
      break;
  }
  return std::move(made_);
}

Diagnostic& Explainer::error(std::string_view code, std::size_t begin, std::size_t end, std::string message,
                             std::string label) {
  Diagnostic& d = made_.diagnostic;
  d.code = std::string(code);
  d.message = std::move(message);
  d.primary = {span(begin, end), std::move(label)};
  return d;
}

bool Explainer::sign(std::string_view which) const {
  return token_.kind == Token::Kind::sign && written(token_) == which;
}

bool Explainer::word(std::string_view which) const {
  return token_.kind == Token::Kind::word && written(token_) == which;
}

std::string_view Explainer::rest_of_line(std::size_t from) const {
  std::string_view rest = text_.substr(from, line_stop(text_, from) - from);
  if (const std::size_t comment = rest.find(" #"); comment != std::string_view::npos)
    rest = rest.substr(0, comment);
  while (!rest.empty() && is_blank(rest.back())) rest.remove_suffix(1);
  return rest;
}

std::size_t Explainer::indentation(std::size_t at) const {
  const std::size_t begin = line_begin(text_, at);
  return skip_blanks(text_, begin) - begin;
}

Diagnostic& Explainer::plain(const std::string& expected, const std::string& where) {
  return error("S0101", token_.begin, token_.end,
               "expected " + expected + (where.empty() ? "" : " " + where) + ", found " + found());
}

Explained explain(const Situation& situation) {
  return Explainer(situation).run();
}

}  // namespace cairn
