#include <algorithm>
#include <array>

#include "grammar/mistakes_explainer.h"

namespace cairn {

void Explainer::name(const std::string& expected, const std::string& what) {
  if (token_.kind == Token::Kind::word && is_reserved(written(token_))) {
    error("S0140", token_.begin, token_.end, found() + " is a reserved word and cannot name " + what);
    return;
  }
  Diagnostic& made = plain(expected, {});
  if (token_.kind == Token::Kind::text) made.help("names are written without quotes");
}

void Explainer::body() {
  if (sign("=")) {
    error("S0136", at_, at_ + 1, "`=` does not compare").help("write `==`");
    return;
  }
  if (after_not()) return;
  const std::string head = std::string(
      rest_of_line(s_.statement)
          .substr(0,
                  at_ > s_.statement ? std::min(at_ - s_.statement, rest_of_line(s_.statement).size()) : 0));
  Diagnostic& made = error("S0145", token_.begin, ends() ? token_.begin + 1 : token_.end,
                           "expected `{` and a body, found " + found());
  if (ends()) made.help("`{` stands on the same line as its head");
  if (here() == ':') made.help("a body stands in `{ }`");
  made_.owns_deeper_lines = true;
}

void Explainer::use_path() {
  const std::string_view path = bare_text(at_);
  if (ends()) {
    plain("a path in quotes", "after `use`").help("`use \"std/postgres\"`, `use \"./lib.stack\"`");
    return;
  }
  if (token_.kind == Token::Kind::text) {
    error("S0147", token_.begin, token_.end, "the path of a `use` is a plain text")
        .help("no `${ }` and no escapes: which files belong together is known before anything is computed");
    return;
  }
  if (path.empty()) {
    plain("a path in quotes", "after `use`");
    return;
  }
  error("S0147", at_, at_ + path.size(), "expected a path in quotes after `use`, found " + ticked(path))
      .help("write " + ticked("use \"" + std::string(path) + "\""));
}

void Explainer::let_is() {
  if (here() == ':') {
    error("S0104", at_, at_ + 1, "a value is given with `=`").help("write `let name = …`");
    return;
  }
  plain("`=`", "after the name");
}

bool Explainer::looks_like_head() const {
  std::string_view head = text_.substr(s_.statement, at_ - std::min<std::size_t>(s_.statement, at_));
  return !head.empty() && head.find_first_of("=(){}[]\"'+*/<>!?&|:") == std::string_view::npos &&
         is_word_start(head.front());
}

std::string_view Explainer::head_text() const {
  std::string_view head = text_.substr(s_.statement, at_ - std::min<std::size_t>(s_.statement, at_));
  while (!head.empty() && is_blank(head.back())) head.remove_suffix(1);
  return head;
}

void Explainer::colon() {
  const std::string head(head_text());
  const std::string_view rest = rest_of_line(skip_blanks(text_, at_ + 1));
  made_.owns_deeper_lines = true;
  const bool one_word = head.find_first_of(" \t.") == std::string::npos;
  if (!rest.empty() && one_word && rest != "{" && rest != "|" && rest != ">") {
    error("S0104", at_, at_ + 1, "a setting is written with `=`")
        .help("write " + ticked(head + " = " + as_value(rest)));
    return;
  }
  Diagnostic& made = error(
      "S0104", at_, at_ + 1,
      one_word ? "a setting is written with `=`, a block with `{ }`" : "the body of a block stands in `{ }`");
  if (one_word && list_follows()) {
    made.help("write " + ticked(head + " = [\"…\", \"…\"]"));
  } else if (one_word) {
    made.help("write " + ticked(head + " = { name = value }") + " for a setting, " + ticked(head + " { … }") +
              " for a block");
  } else {
    made.help("write " + ticked(head + " {") + ", and `}` behind the last line of its body");
  }
}

bool Explainer::list_follows() const {
  std::size_t at = text_.find('\n', at_);
  while (at != std::string_view::npos) {
    const std::size_t first = skip_blanks(text_, at + 1);
    if (first < text_.size() && (text_[first] == '\n' || text_[first] == '\r')) {
      at = text_.find('\n', first);
      continue;
    }
    return text_.substr(first, 2) == "- ";
  }
  return false;
}

std::string Explainer::as_value(std::string_view rest) const {
  const bool literal = rest.front() == '"' || rest.front() == '\'' || rest.front() == '[' ||
                       rest.front() == '{' || rest == "true" || rest == "false" || rest == "null" ||
                       rest.find_first_not_of("0123456789") == std::string_view::npos;
  if (literal)
    return rest.front() == '{' || rest.front() == '['
               ? std::string(1, rest.front()) + " … " + (rest.front() == '{' ? "}" : "]")
               : std::string(rest);
  return "\"" + std::string(rest) + "\"";
}

void Explainer::block_rest() {
  const std::string head(head_text());
  const bool dotted = head.find('.') != std::string::npos;
  if (here() == ':' && next() != '=') {
    colon();
    return;
  }
  if (foreign_loop()) return;
  if (token_.kind == Token::Kind::word && is_reserved(written(token_))) {
    error("S0140", token_.begin, token_.end, found() + " is a reserved word and cannot name a block");
    made_.owns_deeper_lines = true;
    return;
  }
  if (sign(":=") || sign("+=") || sign("=>") || sign("->") || here() == '=') {
    if (dotted) {
      error("S0101", token_.begin, token_.end, "the name of a setting has no `.`")
          .help("a setting stands inside the block it belongs to");
      return;
    }
    error("S0103", token_.begin, token_.end, "a setting is written with one `=`")
        .help("write " + ticked(head + " = …"));
    return;
  }
  if (token_.kind == Token::Kind::text || token_.kind == Token::Kind::number || here() == '[') {
    if (token_.kind == Token::Kind::text && text_[token_.end - 1] != here()) {
      error("S0110", token_.begin, token_.end,
            "this text has no closing " + ticked(std::string(1, here())) + " on its line");
      return;
    }
    if (foreign_use()) return;
    const std::string shown = here() == '[' ? "[…]" : std::string(written(token_));
    error("S0141", token_.begin, token_.end, "expected `=` between " + ticked(head) + " and its value")
        .help("write " + ticked(head + " = " + shown));
    return;
  }
  if (here() == '(') {
    error("S0101", at_, at_ + 1, "a call is a value and cannot stand alone")
        .help("write it behind the `=` of a setting");
    return;
  }
  if (ends() || here() == '}' || here() == ';' || here() == ',') {
    error("S0141", s_.statement, s_.statement + head.size(), ticked(head) + " alone says nothing")
        .help(dotted ? "a block is written " + ticked(head + " name") + " or " + ticked(head + " { … }")
                     : "a setting is written " + ticked(head + " = value") + ", a block " +
                           ticked(head + " name { … }"));
    return;
  }
  plain(dotted ? "a name or `{`" : "`=`, a name or `{`", "after " + ticked(head));
}

void Explainer::statement() {
  const char c = here();
  const bool own_line = skip_blanks(text_, line_begin(text_, at_)) == at_;
  if (c == '-' && own_line && (is_blank(next()) || next() == '\n' || next() == '\r') && !continues()) {
    error("S0118", at_, at_ + 1, "a list is written in `[ ]`")
        .help("write `name = [a, b]`, or one element a line between the brackets");
    made_.owns_deeper_lines = true;
    return;
  }
  const bool is_operator = std::string_view("+-*%?:.&|<>=!/").find(c) != std::string_view::npos && c != '\0';
  if (is_operator && own_line && s_.statement > 0 && c != '!' && c != '=') {
    error("S0117", token_.begin, token_.end, "a line cannot start with " + found())
        .help("end the line above with it, or put the value in parentheses on one line");
    return;
  }
  if (c == ')' || c == ']') {
    error("S0108", at_, at_ + 1, "this " + ticked(std::string(1, c)) + " closes nothing");
    return;
  }
  if (c == '{') {
    error("S0101", at_, at_ + 1, "expected a kind and a name before `{`").help("`service name {`");
    return;
  }
  if (token_.kind == Token::Kind::text) {
    const std::size_t behind = skip_blanks(text_, token_.end);
    const bool pair = behind < text_.size() && (text_[behind] == ':' || text_[behind] == '=');
    const std::string bare(text_.substr(at_ + 1, token_.end - at_ - 2));
    Diagnostic& made =
        error("S0104", at_, token_.end,
              pair ? "the name of a setting has no quotes" : "expected a statement, found " + found());
    if (pair && word_at(bare, 0) == bare) made.help("write " + ticked(bare + " = …"));
    if (!pair) made.help("a text is a value: write it behind the `=` of a setting");
    made_.owns_deeper_lines = true;
    return;
  }
  if (word("else")) {
    error("S0146", token_.begin, token_.end, "`else` without an `if` before it")
        .help("`if … { … } else { … }`");
    return;
  }
  if (token_.kind == Token::Kind::word && is_reserved(written(token_))) {
    error("S0140", token_.begin, token_.end, found() + " is a reserved word and cannot begin a statement");
    return;
  }
  plain("a setting, a block or a declaration", {})
      .help("`name = value`, `kind name { … }`, `let name = value`");
}

bool Explainer::continues() const {
  const std::size_t line = line_begin(text_, at_);
  if (line == 0) return false;
  const std::size_t above = line_begin(text_, line - 1);
  const std::string_view previous = text_.substr(above, line - 1 - above);
  return previous.find('=') != std::string_view::npos && indentation(at_) > indentation(above) &&
         previous.find(": ") == std::string_view::npos;
}

void Explainer::after_value() {
  const bool head = looks_like_head();
  if (here() == ':' && head) {
    colon();
    return;
  }
  if (here() == ':' && bare_colon()) return;
  if (head && foreign_loop()) return;
  if (head && token_.kind == Token::Kind::word) {
    Diagnostic& made = error("S0144", token_.begin, token_.end,
                             "expected a new line, `;` or `{` after " + ticked(head_text()));
    if (is_reserved(written(token_)))
      made.help(found() + " is a reserved word: it can begin a line, not follow a name");
    return;
  }
  if (head && sign("=")) {
    two_words();
    return;
  }
  if (head) {
    plain("a new line, `;` or `{`", "after " + ticked(head_text()));
    return;
  }
  if (here() == ')' || here() == ']') {
    error("S0108", at_, at_ + 1, "this " + ticked(std::string(1, here())) + " closes nothing");
    return;
  }
  if (after_not() || missing_quote() || prefixed_text() || unit_apart()) return;
  if (sign("=")) {
    error("S0136", at_, at_ + 1, "`=` does not compare, and cannot follow a value")
        .help("write `==` to compare");
    return;
  }
  const std::string where =
      s_.wanted == Wanted::lone_end ? "the end or an operator" : "an operator or a new line";
  Diagnostic& made = plain(where, "after the value");
  const std::string_view line = rest_of_line(s_.statement);
  const std::size_t is = line.find('=');
  const bool plain_words =
      is != std::string_view::npos && line.find_first_of("\"'()[]{}", is) == std::string_view::npos;
  if (s_.wanted == Wanted::statement_end && plain_words) {
    const std::size_t first = skip_blanks(line, is + 1);
    made.help("a text stands in quotes: " + ticked("\"" + std::string(line.substr(first)) + "\""));
  } else if (s_.wanted == Wanted::statement_end && token_.kind == Token::Kind::word) {
    made.help("statements on one line are separated by `;`");
  }
}

void Explainer::two_words() {
  const std::string head(head_text());
  const std::size_t blank = head.find_last_of(" \t");
  const std::string last = blank == std::string::npos ? head : head.substr(blank + 1);
  const std::string first = head.substr(0, head.find_first_of(" \t"));
  static constexpr std::array<std::string_view, 9> declares{"set", "var", "const",    "local",  "def",
                                                            "my",  "val", "readonly", "declare"};
  const bool declaration = std::find(declares.begin(), declares.end(), first) != declares.end();
  error("S0141", s_.statement, s_.statement + head.size(), "the name of a setting is one word")
      .help("write " + ticked((declaration ? "let " : "") + last + " = …") +
            (declaration ? "" : "; a type, if any, stands behind a param's name: `param name: string = …`"));
}

bool Explainer::foreign_loop() {
  const std::string_view first = word_at(text_, s_.statement);
  static constexpr std::array<std::string_view, 5> loops{"while", "until", "foreach", "loop", "repeat"};
  if (std::find(loops.begin(), loops.end(), first) == loops.end()) return false;
  error("S0148", s_.statement, s_.statement + first.size(), "there is no " + ticked(first))
      .help(
          "a loop runs over what is known before the run: `for x in list { … }`, `for i in range(3) { … }`");
  made_.owns_deeper_lines = true;
  return true;
}

bool Explainer::foreign_use() {
  const std::string_view first = word_at(text_, s_.statement);
  static constexpr std::array<std::string_view, 6> words{"import", "include", "require",
                                                         "source", "load",    "from"};
  if (token_.kind != Token::Kind::text || std::find(words.begin(), words.end(), first) == words.end())
    return false;
  error("S0147", s_.statement, s_.statement + first.size(), "another file is taken in with `use`")
      .help("write " + ticked("use " + std::string(written(token_))));
  return true;
}

}  // namespace cairn
