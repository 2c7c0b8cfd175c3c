#include <algorithm>

#include "grammar/literals.h"
#include "grammar/mistakes_explainer.h"

namespace cairn {

bool Explainer::anywhere() {
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
  if (foreign_operator()) return true;
  if (word("if") && value_stands_before()) {
    error("S0132", token_.begin, token_.end, "`if` cannot follow a value")
        .help("choose with `condition ? value : other value`");
    return true;
  }
  if (here() == '-' && value_stands_before() && is_value_start(next())) return minus();
  return false;
}

bool Explainer::is_value_start(char c) const {
  return is_word_char(c) || c == '(' || c == '"' || c == '[' || c == '-';
}

bool Explainer::value_stands_before() const {
  const bool after = s_.wanted == Wanted::element_end || s_.wanted == Wanted::statement_end ||
                     s_.wanted == Wanted::lone_end || s_.wanted == Wanted::hole_close ||
                     s_.wanted == Wanted::group_close || s_.wanted == Wanted::index_close ||
                     s_.wanted == Wanted::body || s_.wanted == Wanted::list_close ||
                     s_.wanted == Wanted::map_close;
  return after && !looks_like_head();
}

bool Explainer::minus() {
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

bool Explainer::dollar() {
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

bool Explainer::missing_quote() {
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

bool Explainer::bare_colon() {
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

bool Explainer::after_not() {
  std::size_t end = at_;
  while (end > 0 && is_blank(text_[end - 1])) --end;
  if (end < 3 || text_.substr(end - 3, 3) != "not" || (end > 3 && is_word_char(text_[end - 4]))) return false;
  error("S0131", end - 3, end, "`not` is not an operator")
      .help("write " + ticked("!" + std::string(written(token_))));
  return true;
}

bool Explainer::foreign_operator() {
  struct Sign {
    std::string_view sign, help;
  };
  static constexpr Sign signs[] = {
      {"??", "`coalesce(a, b)` gives the first that is not null"},
      {"?:", "`coalesce(a, b)` gives the first that is not null"},
      {"++", "a value never changes; `n + 1` is another one, and `+` joins texts and lists"},
      {"..", "`range(1, 4)` is the list of 1, 2 and 3; `+` joins texts and lists"},
      {"**", "there are `+`, `-`, `*`, `/` and `%`"},
      {"=~", "`matches(text, '…')` says whether a pattern fits"},
      {"<>", "write `!=`"}};
  for (const std::size_t back : {std::size_t{0}, std::size_t{1}}) {
    if (at_ < back) continue;
    for (const Sign& each : signs)
      if (text_.substr(at_ - back, 2) == each.sign) {
        error("S0131", at_ - back, at_ - back + 2, ticked(each.sign) + " is not an operator")
            .help(std::string(each.help));
        return true;
      }
  }
  return false;
}

bool Explainer::prefixed_text() {
  if (token_.kind != Token::Kind::text || at_ != s_.at || at_ == 0 || !is_word_char(text_[at_ - 1]))
    return false;
  std::size_t begin = at_;
  while (begin > 0 && is_word_char(text_[begin - 1])) --begin;
  error("S0101", begin, token_.end,
        ticked(text_.substr(begin, at_ - begin)) + " before a text has no meaning")
      .help("values stand in holes: `\"hello ${name}\"`; `'…'` takes everything as it stands");
  return true;
}

bool Explainer::unit_apart() {
  if (token_.kind != Token::Kind::word) return false;
  std::size_t end = at_;
  while (end > 0 && (text_[end - 1] == ' ' || text_[end - 1] == '\t')) --end;
  std::size_t begin = end;
  while (begin > 0 && (is_digit(text_[begin - 1]) || text_[begin - 1] == '.')) --begin;
  if (end == at_ || begin == end || (begin > 0 && is_word_char(text_[begin - 1]))) return false;
  const std::string joined =
      std::string(text_.substr(begin, end - begin)) + std::string(text_.substr(at_, token_.end - at_));
  Diagnostic mistake;
  bool wrong = false;
  (void)read_number(joined, mistake, wrong);
  std::string instead = "write " + ticked(joined);
  if (wrong && (mistake.helps.empty() || !mistake.helps.front().starts_with("write "))) return false;
  if (wrong) instead = mistake.helps.front();  // `5 minutes`
  error("S0127", begin, token_.end, "a number and its unit are one word").help(std::move(instead));
  return true;
}

}  // namespace cairn
