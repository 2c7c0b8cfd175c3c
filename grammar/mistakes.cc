#include "grammar/mistakes.h"

#include <algorithm>
#include <array>
#include <string>

#include "grammar/text_scan.h"

namespace cairn {

namespace {

constexpr std::array<std::string_view, 13> reserved{"use", "as",   "param",  "let",  "kind",  "for", "in",
                                                    "if",  "else", "export", "true", "false", "null"};

bool is_reserved(std::string_view word) {
  return std::find(reserved.begin(), reserved.end(), word) != reserved.end();
}

std::string ticked(std::string_view text) {
  return "`" + std::string(text) + "`";
}

char closer(char kind) {
  return kind == '(' ? ')' : kind == '[' ? ']' : '}';
}

bool is_quoted_kind(char kind) {
  return kind == '"' || kind == '\'' || kind == '3' || kind == 'r';
}

// “ ” „ ‘ ’ « » and the like.
bool typographic(std::uint32_t code) {
  return (code >= 0x2018 && code <= 0x201F) || code == 0xAB || code == 0xBB;
}

class Explainer {
 public:
  explicit Explainer(const Situation& situation)
      : s_(situation),
        text_(situation.text),
        at_(skip_blanks(situation.text, situation.at)),
        token_(token_at(text_, at_)) {}

  Explained run() {
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

 private:
  // ---- building
  // ----------------------------------------------------------------------------------------------
  Diagnostic& error(std::string_view code, std::size_t begin, std::size_t end, std::string message,
                    std::string label = {}) {
    Diagnostic& d = made_.diagnostic;
    d.code = std::string(code);
    d.message = std::move(message);
    d.primary = {span(begin, end), std::move(label)};
    return d;
  }
  Span span(std::size_t begin, std::size_t end) const {
    return {s_.file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }
  std::string found() const { return named(text_, token_); }
  std::string_view written(const Token& token) const {
    return text_.substr(token.begin, token.end - token.begin);
  }
  bool ends() const { return token_.kind == Token::Kind::line_end || token_.kind == Token::Kind::file_end; }
  bool sign(std::string_view which) const {
    return token_.kind == Token::Kind::sign && written(token_) == which;
  }
  bool word(std::string_view which) const {
    return token_.kind == Token::Kind::word && written(token_) == which;
  }
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }
  std::string_view rest_of_line(std::size_t from) const {
    std::string_view rest = text_.substr(from, line_stop(text_, from) - from);
    if (const std::size_t comment = rest.find(" #"); comment != std::string_view::npos)
      rest = rest.substr(0, comment);
    while (!rest.empty() && is_blank(rest.back())) rest.remove_suffix(1);
    return rest;
  }
  std::size_t indentation(std::size_t at) const {
    const std::size_t begin = line_begin(text_, at);
    return skip_blanks(text_, begin) - begin;
  }

  // "expected A B, found C"
  Diagnostic& plain(const std::string& expected, const std::string& where) {
    return error("S0101", token_.begin, token_.end,
                 "expected " + expected + (where.empty() ? "" : " " + where) + ", found " + found());
  }

  // ---- mistakes that look the same wherever they stand
  // ----------------------------------------------------------
  bool anywhere() {
    const bool in_text =
        s_.wanted == Wanted::text_close || s_.wanted == Wanted::raw_close || s_.wanted == Wanted::long_close;
    if (in_text || at_ >= text_.size()) return false;
    const Rune rune = rune_at(text_, at_);
    if (typographic(rune.code)) {
      std::size_t end = at_ + rune.bytes;
      for (std::size_t at = end; at < line_stop(text_, at_); at += rune_at(text_, at).bytes) {
        if (!typographic(rune_at(text_, at).code)) continue;
        end = at + rune_at(text_, at).bytes;
        break;
      }
      error("S0115", at_, end, "typographic quotes do not begin a text")
          .help("write `\"…\"` with straight quotes");
      return true;
    }
    if (here() == '`') {
      error("S0115", at_, at_ + 1, "a backtick does not begin a text")
          .help("write `\"…\"`, or `'…'` for raw text");
      return true;
    }
    const std::string_view two = text_.substr(at_, 2);
    if (two == "//") {
      error("S0142", at_, line_stop(text_, at_), "a comment begins with `#`").help("write `#` for `//`");
      return true;
    }
    if (two == "/*") {
      const std::size_t close = text_.find("*/", at_ + 2);
      const std::size_t end = close == std::string_view::npos ? text_.size() : close + 2;
      error("S0142", at_, std::min(end, line_stop(text_, at_)), "a comment begins with `#`")
          .help("begin each line of it with `#`");
      made_.resume = static_cast<std::uint32_t>(end);
      return true;
    }
    if (here() == '$') return dollar();
    if (word("if") && value_stands_before()) {
      error("S0132", token_.begin, token_.end, "`if` cannot follow a value")
          .help("choose with `condition ? value : other value`");
      return true;
    }
    if (here() == '-' && value_stands_before() && is_value_start(next())) return minus();
    return false;
  }

  bool is_value_start(char c) const {
    return is_word_char(c) || c == '(' || c == '"' || c == '[' || c == '-';
  }

  bool value_stands_before() const {
    const bool after = s_.wanted == Wanted::element_end || s_.wanted == Wanted::statement_end ||
                       s_.wanted == Wanted::lone_end || s_.wanted == Wanted::hole_close ||
                       s_.wanted == Wanted::group_close || s_.wanted == Wanted::index_close ||
                       s_.wanted == Wanted::body || s_.wanted == Wanted::list_close ||
                       s_.wanted == Wanted::map_close;
    return after && !looks_like_head();
  }

  // `n -1`, `n- 1`
  bool minus() {
    const std::size_t end = std::max(token_at(text_, at_ + 1).end, at_ + 1);
    std::size_t left = at_;
    while (left > 0 && is_blank(text_[left - 1])) --left;
    std::size_t begin = left;
    while (begin > 0 && (is_word_char(text_[begin - 1]) || text_[begin - 1] == '.')) --begin;
    Diagnostic& made = error("S0133", at_, end, "`-` is subtraction only with a blank on both sides");
    made.help("write " + ticked(std::string(text_.substr(begin, left - begin)) + " - " +
                                std::string(text_.substr(at_ + 1, end - at_ - 1))));
    const bool in_list = !s_.open.empty() && s_.open.back().kind == '[';
    if (in_list) made.help("for two elements, put a `,` between them");
    return true;
  }

  bool dollar() {
    const bool braced = next() == '{';
    const std::size_t name_at = at_ + (braced ? 2 : 1);
    const std::string_view name = word_at(text_, name_at);
    std::size_t end = name.empty() ? at_ + (braced ? 2 : 1) : name_at + name.size();
    if (braced) {
      const std::size_t close = text_.find('}', end);
      if (close < line_stop(text_, at_)) end = close + 1;
    }
    Diagnostic& made = error("S0143", at_, end, "`$` has no meaning outside of a text");
    if (!name.empty()) {
      made.help("the value of that name is written " + ticked(name));
      made.help("a variable of the environment is read with " + ticked("env(\"" + std::string(name) + "\")"));
    }
    made_.resume = static_cast<std::uint32_t>(end);
    return true;
  }

  // ---- texts
  // -------------------------------------------------------------------------------------------------------
  void unclosed_text() {
    const Opener* opener = nullptr;
    for (const Opener& each : s_.open) {
      if (is_quoted_kind(each.kind)) opener = &each;
    }
    const std::size_t begin = opener == nullptr ? at_ : opener->offset;
    if (s_.wanted == Wanted::long_close) {
      const bool raw = opener != nullptr && opener->kind == 'r';
      error("S0111", begin, begin + 3, "this text is never closed")
          .help(std::string("close it with ") + (raw ? "`'''`" : "`\"\"\"`"));
      made_.resume = static_cast<std::uint32_t>(text_.size());
      return;
    }
    const char quote = text_[begin];
    error("S0110", begin, line_stop(text_, begin),
          std::string("this text has no closing ") + (quote == '"' ? "`\"`" : "`'`") + " on its line")
        .help(std::string("a text over several lines is written between ") +
              (quote == '"' ? "`\"\"\"`" : "`'''`"));
  }

  void hole_close() {
    if (ends() || (here() == '"' && !s_.open.empty())) {
      std::size_t begin = at_;
      for (const Opener& each : s_.open) {
        if (each.kind == 'h') begin = each.offset;
      }
      error("S0109", begin, begin + 2, "this `${` is never closed")
          .help("write `}` behind the value; for a plain `${`, write `\\${`");
      return;
    }
    plain("an operator or `}`", "in `${ }`");
  }

  // ---- values
  // ------------------------------------------------------------------------------------------------------
  void value() {
    const char ahead = before(text_, at_);
    const bool after_is = ahead == '=' && at_ > 0;
    if (token_.kind == Token::Kind::word && is_reserved(written(token_))) {
      error("S0140", token_.begin, token_.end, found() + " is a reserved word and cannot be read as a value");
      return;
    }
    if (after_is && (ends() || here() == '}' || here() == ';' || here() == ',')) {
      // Points behind the `=`, where the value is missing.
      std::size_t begin = at_;
      while (begin > 0 && is_blank(text_[begin - 1])) --begin;
      Diagnostic& made = error("S0116", begin, std::max(begin + 1, at_ == begin ? at_ : at_),
                               "expected a value after `=` on the same line");
      if (ends())
        made.help(
            "a value may go on over lines inside brackets or behind an operator, but it begins behind its "
            "`=`");
      return;
    }
    if (here() == '*' && !s_.open.empty() && s_.open.back().kind == '[') {
      splat();
      return;
    }
    if (after_is && (here() == '.' || here() == '/' || here() == '~' || here() == '@')) {
      const std::string_view rest = bare_text(at_);
      error("S0101", at_, at_ + rest.size(), "expected a value, found " + ticked(rest))
          .help("a text stands in quotes: " + ticked("\"" + std::string(rest) + "\""));
      return;
    }
    if (here() == '=' && after_is) {
      error("S0103", at_, at_ + 1, "expected a value, found a second `=`")
          .help("a setting is written with one `=`");
      return;
    }
    if (here() == ':' && after_is) {
      error("S0101", at_, at_ + 1, "expected a value, found `:`");
      return;
    }
    if (is_blank(here()) || ((ahead == '-' || ahead == '!') && s_.at < at_)) {
      plain("a value right behind " + ticked(std::string(1, ahead)), {});
      return;
    }
    if (here() == '}' && !s_.open.empty() && s_.open.back().kind == 'h' && ahead == '{') {
      error("S0116", at_ - (at_ > s_.open.back().offset ? at_ - s_.open.back().offset : 0), at_ + 1,
            "this `${ }` holds nothing")
          .help("for a plain `${}`, write `\\${}`");
      return;
    }
    if (mismatched_close()) return;
    plain(s_.wanted == Wanted::operand ? "a value after the operator" : "a value", {});
  }

  // Everything up to a blank or a mark that ends a value: a path, an image, an address.
  std::string_view bare_text(std::size_t from) const {
    std::size_t end = from;
    while (end < text_.size() &&
           std::string_view(" \t\r\n,;)]}\"'#").find(text_[end]) == std::string_view::npos)
      ++end;
    return text_.substr(from, end - from);
  }

  void splat() {
    std::size_t open = at_;
    while (open > 0 && text_[open] != '[') --open;
    std::size_t begin = open;
    while (begin > 0 &&
           (is_word_char(text_[begin - 1]) || text_[begin - 1] == '.' || text_[begin - 1] == '-'))
      --begin;
    const std::string list(text_.substr(begin, open - begin));
    std::size_t close = text_.find(']', at_);
    if (close == std::string_view::npos) close = at_;
    const std::size_t stop = bare_text(close + 1 <= text_.size() ? close + 1 : close).size();
    const std::string member(text_.substr(std::min(close + 1, text_.size()), stop));
    error("S0135", at_, at_ + 1, "expected an index, found `*`")
        .help("write " + ticked("[for x in " + list + ": x" + member + "]"));
  }

  bool mismatched_close() {
    const char c = here();
    if ((c != ')' && c != ']' && c != '}') || s_.open.empty()) return false;
    const Opener& opener = s_.open.back();
    if (is_quoted_kind(opener.kind) || opener.kind == 'h' || closer(opener.kind) == c) return false;
    bool known = false;
    for (const Opener& each : s_.open)
      known = known || (!is_quoted_kind(each.kind) && closer(each.kind) == c);
    if (known) {
      never_closed(opener, "before this");
    } else {
      error("S0119", at_, at_ + 1,
            ticked(std::string(1, c)) + " does not close " + ticked(text_.substr(opener.offset, 1)),
            "expected " + ticked(std::string(1, closer(opener.kind))))
          .label(span(opener.offset, opener.offset + 1), "opened here");
    }
    return true;
  }

  void never_closed(const Opener& opener, const std::string& where) {
    const bool hole = opener.kind == 'h';
    Diagnostic& made =
        error("S0109", opener.offset, opener.offset + (hole ? 2 : 1),
              "this " + ticked(hole ? "${" : std::string_view(text_).substr(opener.offset, 1)) +
                  " is never closed");
    const Token token = token_;
    if (token.kind == Token::Kind::file_end) {
      made.note("the file ends on line " + std::to_string(std::count(text_.begin(), text_.end(), '\n') +
                                                          (text_.ends_with('\n') ? 0 : 1)));
    } else {
      made.label(span(token.begin, std::max(token.end, token.begin + 1)),
                 "expected " + ticked(std::string(1, closer(opener.kind))) + " " + where);
    }
  }

  // ---- between and behind elements
  // -----------------------------------------------------------------------------------
  void closing() {
    if (s_.open.empty()) {
      plain("a closing bracket", {});
      return;
    }
    const Opener opener = s_.open.back();
    const std::string close = ticked(std::string(1, closer(opener.kind)));
    if (token_.kind == Token::Kind::file_end) {
      never_closed(opener, "before this");
      return;
    }
    if (outside(opener)) return;
    if (mismatched_close()) return;
    if (missing_quote()) return;
    const bool list_like = s_.wanted == Wanted::element_end || s_.wanted == Wanted::list_close ||
                           s_.wanted == Wanted::map_close || s_.wanted == Wanted::call_close ||
                           s_.wanted == Wanted::takes_close;
    if (here() == ':' && bare_colon()) return;
    if (list_like && sign("=") && opener.kind == '[') {
      error("S0101", token_.begin, token_.end, "expected `,` or `]`, found `=`")
          .help("a list holds values; names and values stand in a map: `{ name = value }`");
      return;
    }
    if (sign("=")) {
      error("S0136", token_.begin, token_.end, "`=` does not compare").help("write `==`");
      return;
    }
    if (after_not()) return;
    Diagnostic& made = plain(list_like ? "`,` or " + close : "an operator or " + close, {});
    if (list_like && (token_.kind == Token::Kind::word || token_.kind == Token::Kind::text ||
                      token_.kind == Token::Kind::number)) {
      made.help("elements are separated by `,` or a new line");
    }
  }

  // Does the line that the mistake is on stand outside of the bracket, going by its indentation?
  bool outside(const Opener& opener) {
    const std::size_t line = line_begin(text_, at_);
    if (line <= opener.offset || indentation(at_) > indentation(opener.offset)) return false;
    const std::size_t first = skip_blanks(text_, line);
    const char c = first < text_.size() ? text_[first] : '\0';
    if (c == ')' || c == ']' || c == '}') return false;
    token_ = token_at(text_, first);
    never_closed(opener, "before this line");
    made_.resume = static_cast<std::uint32_t>(line == 0 ? 0 : line - 1);
    return true;
  }

  // A line with a quote too few turns its texts inside out: `["a, "b"]`.
  bool missing_quote() {
    const std::size_t begin = line_begin(text_, at_);
    const std::string_view line = text_.substr(begin, line_stop(text_, begin) - begin);
    std::size_t quotes = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\')
        ++i;
      else if (line[i] == '"')
        ++quotes, last = i;
    }
    const bool touches = at_ > begin && text_[at_ - 1] == '"';
    if (quotes % 2 == 0 || line.find("\"\"\"") != std::string_view::npos || !touches || line.find('#') < last)
      return false;
    const std::size_t opened = text_.rfind('"', at_ - 2);
    error("S0110", opened == std::string_view::npos || opened < begin ? begin : opened, at_,
          "a `\"` is missing on this line", "this would be one text")
        .label(span(at_, std::max(token_.end, at_ + 1)), "and this would not be part of one")
        .help("each text stands between two quotes: `\"a\", \"b\"`");
    return true;
  }

  // `postgres:16`, `8080:80`
  bool bare_colon() {
    std::size_t begin = at_;
    while (begin > 0 && std::string_view(" \t\n,;([{=\"'").find(text_[begin - 1]) == std::string_view::npos)
      --begin;
    const std::string_view all = bare_text(begin);
    if (begin == at_ || all.size() <= at_ - begin + 1) return false;
    error("S0124", begin, begin + all.size(), "a text that holds `:` stands in quotes")
        .help("write " + ticked("\"" + std::string(all) + "\""));
    made_.resume = static_cast<std::uint32_t>(begin + all.size());
    return true;
  }

  // `not x`
  bool after_not() {
    std::size_t end = at_;
    while (end > 0 && is_blank(text_[end - 1])) --end;
    if (end < 3 || text_.substr(end - 3, 3) != "not" || (end > 3 && is_word_char(text_[end - 4])))
      return false;
    error("S0131", end - 3, end, "`not` is not an operator")
        .help("write " + ticked("!" + std::string(written(token_))));
    return true;
  }

  void map_entry() {
    const Opener* opener = s_.open.empty() ? nullptr : &s_.open.back();
    if (opener != nullptr && (token_.kind == Token::Kind::file_end || outside(*opener))) {
      if (token_.kind == Token::Kind::file_end) never_closed(*opener, "before this");
      return;
    }
    if (mismatched_close()) return;
    if (token_.kind == Token::Kind::number || here() == '-' || here() == '.' || here() == '/') {
      const std::string_view key = bare_text(at_);
      error("S0101", at_, at_ + key.size(), "expected a key, found " + ticked(key))
          .help("a key is a word or a text: " + ticked("\"" + std::string(key) + "\" = …"));
      return;
    }
    if (here() == '(' || here() == '[') {
      plain("a key", {}).help("a computed key is a text with a hole: `\"${name}\" = …`");
      return;
    }
    plain("a key", {});
  }

  void map_is() {
    const Opener* opener = s_.open.empty() ? nullptr : &s_.open.back();
    if (opener != nullptr && !ends() && outside(*opener)) return;
    std::size_t end = at_;
    while (end > 0 && (is_blank(text_[end - 1]))) --end;
    std::size_t begin = end;
    if (begin > 0 && (text_[begin - 1] == '"' || text_[begin - 1] == '\'')) {
      const std::size_t open = begin < 2 ? std::string_view::npos : text_.rfind(text_[begin - 1], begin - 2);
      begin = open == std::string_view::npos ? begin : open;
    } else {
      while (begin > 0 && (is_word_char(text_[begin - 1]) || text_[begin - 1] == '-')) --begin;
    }
    const std::string key(text_.substr(begin, end - begin));
    if (sign(":=") || sign("=>") || sign("->")) {
      error("S0104", token_.begin, token_.end, "an entry of a map is written with `=`")
          .help("write " + ticked(key + " = …"));
      return;
    }
    if (here() == '.') {
      const std::string_view whole = bare_text(begin);
      const std::string_view dotted = whole.substr(0, whole.find('='));
      error("S0101", begin, begin + dotted.size(), "a key that holds `.` stands in quotes")
          .help("write " + ticked("\"" + std::string(dotted) + "\" = …"));
      return;
    }
    if (here() == '{') {
      plain("`=`", "after the key " + ticked(key)).help("write " + ticked(key + " = {"));
      return;
    }
    plain("`=`", "after the key " + ticked(key))
        .help("a map holds `key = value`; values alone stand in a list: `[a, b]`");
  }

  void each_colon() {
    if (here() == '?') {
      error("S0134", at_, at_ + 1, "a `? :` in the `if` or `in` of a comprehension needs parentheses")
          .help("write `if (a ? b : c): …`");
      return;
    }
    plain("`:` and what becomes of each element", {})
        .help("`[for x in list: x.host]`, `[for x in list if x.on: x.host]`");
  }

  void member() {
    if (here() == '*') {
      error("S0135", at_, at_ + 1, "expected a name after `.`, found `*`").help("`[for x in list: x.host]`");
      return;
    }
    plain("a name", "after `.`");
  }

  // ---- statements
  // ------------------------------------------------------------------------------------------------------
  void name(const std::string& expected, const std::string& what) {
    if (token_.kind == Token::Kind::word && is_reserved(written(token_))) {
      error("S0140", token_.begin, token_.end, found() + " is a reserved word and cannot name " + what);
      return;
    }
    Diagnostic& made = plain(expected, {});
    if (token_.kind == Token::Kind::text) made.help("names are written without quotes");
  }

  void body() {
    if (sign("=")) {
      error("S0136", at_, at_ + 1, "`=` does not compare").help("write `==`");
      return;
    }
    if (after_not()) return;
    const std::string head = std::string(
        rest_of_line(s_.statement)
            .substr(
                0, at_ > s_.statement ? std::min(at_ - s_.statement, rest_of_line(s_.statement).size()) : 0));
    Diagnostic& made = error("S0145", token_.begin, ends() ? token_.begin + 1 : token_.end,
                             "expected `{` and a body, found " + found());
    if (ends()) made.help("`{` stands on the same line as its head");
    if (here() == ':') made.help("a body stands in `{ }`");
    made_.owns_deeper_lines = true;
  }

  void use_path() {
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

  void let_is() {
    if (here() == ':') {
      error("S0104", at_, at_ + 1, "a value is given with `=`").help("write `let name = …`");
      return;
    }
    plain("`=`", "after the name");
  }

  // Is what stands between the beginning of the statement and here a head like `service db`?
  bool looks_like_head() const {
    std::string_view head = text_.substr(s_.statement, at_ - std::min<std::size_t>(s_.statement, at_));
    return !head.empty() && head.find_first_of("=(){}[]\"'+*/<>!?&|:") == std::string_view::npos &&
           is_word_start(head.front());
  }

  std::string_view head_text() const {
    std::string_view head = text_.substr(s_.statement, at_ - std::min<std::size_t>(s_.statement, at_));
    while (!head.empty() && is_blank(head.back())) head.remove_suffix(1);
    return head;
  }

  // `image: "x"`, `environment:`, `service front:`
  void colon() {
    const std::string head(head_text());
    const std::string_view rest = rest_of_line(skip_blanks(text_, at_ + 1));
    made_.owns_deeper_lines = true;
    const bool one_word = head.find_first_of(" \t.") == std::string::npos;
    if (!rest.empty() && one_word && rest != "{" && rest != "|" && rest != ">") {
      error("S0104", at_, at_ + 1, "a setting is written with `=`")
          .help("write " + ticked(head + " = " + as_value(rest)));
      return;
    }
    Diagnostic& made = error("S0104", at_, at_ + 1,
                             one_word ? "a setting is written with `=`, a block with `{ }`"
                                      : "the body of a block stands in `{ }`");
    if (one_word && list_follows()) {
      made.help("write " + ticked(head + " = [\"…\", \"…\"]"));
    } else if (one_word) {
      made.help("write " + ticked(head + " = { name = value }") + " for a setting, " +
                ticked(head + " { … }") + " for a block");
    } else {
      made.help("write " + ticked(head + " {") + ", and `}` behind the last line of its body");
    }
  }

  // What follows is a list in YAML's form.
  bool list_follows() const {
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

  // A value as YAML has it, as this language writes it.
  std::string as_value(std::string_view rest) const {
    const bool literal = rest.front() == '"' || rest.front() == '\'' || rest.front() == '[' ||
                         rest.front() == '{' || rest == "true" || rest == "false" || rest == "null" ||
                         rest.find_first_not_of("0123456789") == std::string_view::npos;
    if (literal)
      return rest.front() == '{' || rest.front() == '['
                 ? std::string(1, rest.front()) + " … " + (rest.front() == '{' ? "}" : "]")
                 : std::string(rest);
    return "\"" + std::string(rest) + "\"";
  }

  void block_rest() {
    const std::string head(head_text());
    const bool dotted = head.find('.') != std::string::npos;
    if (here() == ':' && next() != '=') {
      colon();
      return;
    }
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

  void statement() {
    const char c = here();
    const bool own_line = skip_blanks(text_, line_begin(text_, at_)) == at_;
    if (c == '-' && own_line && (is_blank(next()) || next() == '\n' || next() == '\r') && !continues()) {
      error("S0118", at_, at_ + 1, "a list is written in `[ ]`")
          .help("write `name = [a, b]`, or one element a line between the brackets");
      made_.owns_deeper_lines = true;
      return;
    }
    const bool is_operator =
        std::string_view("+-*%?:.&|<>=!/").find(c) != std::string_view::npos && c != '\0';
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

  // Is the line above a setting that this line, indented deeper, goes on with?
  bool continues() const {
    const std::size_t line = line_begin(text_, at_);
    if (line == 0) return false;
    const std::size_t above = line_begin(text_, line - 1);
    const std::string_view previous = text_.substr(above, line - 1 - above);
    return previous.find('=') != std::string_view::npos && indentation(at_) > indentation(above) &&
           previous.find(": ") == std::string_view::npos;
  }

  // Behind a statement, or behind a lone value.
  void after_value() {
    const bool head = looks_like_head();
    if (here() == ':' && head) {
      colon();
      return;
    }
    if (here() == ':' && bare_colon()) return;
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
    if (after_not() || missing_quote()) return;
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

  // `string name = "x"`, `set x = 1`
  void two_words() {
    const std::string head(head_text());
    const std::size_t blank = head.find_last_of(" \t");
    const std::string last = blank == std::string::npos ? head : head.substr(blank + 1);
    const std::string first = head.substr(0, head.find_first_of(" \t"));
    static constexpr std::array<std::string_view, 9> declares{"set", "var", "const",    "local",  "def",
                                                              "my",  "val", "readonly", "declare"};
    const bool declaration = std::find(declares.begin(), declares.end(), first) != declares.end();
    error("S0141", s_.statement, s_.statement + head.size(), "the name of a setting is one word")
        .help(
            "write " + ticked((declaration ? "let " : "") + last + " = …") +
            (declaration ? "" : "; a type, if any, stands behind a param's name: `param name: string = …`"));
  }

  const Situation& s_;
  std::string_view text_;
  std::size_t at_;
  Token token_;
  Explained made_;
};

}  // namespace

Explained explain(const Situation& situation) {
  return Explainer(situation).run();
}

}  // namespace cairn
