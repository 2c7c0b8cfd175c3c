#include <algorithm>

#include "grammar/mistakes_explainer.h"

namespace cairn {

void Explainer::unclosed_text() {
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

void Explainer::hole_close() {
  if (ends() || (here() == '"' && !s_.open.empty())) {
    std::size_t begin = at_;
    for (const Opener& each : s_.open) {
      if (each.kind == 'h') begin = each.offset;
    }
    error("S0109", begin, begin + 2, "this `${` is never closed")
        .help("write `}` behind the value; for a plain `${`, write `\\${`");
    return;
  }
  if (default_of_shell()) return;
  plain("an operator or `}`", "in `${ }`");
}

// `${TAG:-latest}`
bool Explainer::default_of_shell() {
  const std::string_view rest = rest_of_line(at_);
  const bool is_default = rest.starts_with(":-") || rest.starts_with(":=") || rest.starts_with(":?");
  if (!is_default || s_.open.empty() || s_.open.back().kind != 'h') return false;
  const std::size_t begin = s_.open.back().offset;
  const std::size_t close = std::min(text_.find('}', at_), line_stop(text_, at_));
  const std::string_view name = text_.substr(begin + 2, at_ - begin - 2);
  if (word_at(name, 0) != name || name.empty()) return false;
  const std::string instead = rest[1] == '?'
                                  ? "env(\"" + std::string(name) + "\")"
                                  : "env(\"" + std::string(name) + "\", \"" +
                                        std::string(text_.substr(at_ + 2, close - at_ - 2)) + "\")";
  error("S0101", begin, std::min(close + 1, text_.size()),
        "a hole holds a value, not what a shell puts there")
      .help("a variable of the environment, or its default: " + ticked("${" + instead + "}"));
  return true;
}

// `script = <<EOF`: everything up to the line `EOF` belongs to it.
bool Explainer::here_document() {
  if (here() != '<' || next() != '<') return false;
  std::size_t word = at_ + 2;
  while (word < text_.size() &&
         (text_[word] == '-' || text_[word] == '~' || text_[word] == '"' || text_[word] == '\''))
    ++word;
  const std::string_view mark = word_at(text_, word);
  if (mark.empty()) return false;
  error("S0101", at_, word + mark.size(), "a text over several lines stands between `\"\"\"`")
      .help("write `\"\"\"` in place of " + ticked(text_.substr(at_, word + mark.size() - at_)) + " and of " +
            ticked(mark) + "; `'''` takes everything as it stands");
  for (std::size_t line = line_stop(text_, at_); line < text_.size(); line = line_stop(text_, line + 1)) {
    const std::size_t first = skip_blanks(text_, line + 1);
    if (word_at(text_, first) != mark) continue;
    made_.resume = static_cast<std::uint32_t>(line_stop(text_, first));
    break;
  }
  return true;
}

// `${{ github.sha }}`
bool Explainer::double_braces() {
  if (s_.open.size() < 2) return false;
  const Opener& map = s_.open.back();
  const Opener& hole = s_.open[s_.open.size() - 2];
  if (map.kind != '{' || hole.kind != 'h' || map.offset != hole.offset + 2) return false;
  const std::size_t close = text_.find("}}", map.offset);
  const std::size_t line = line_stop(text_, map.offset);
  const std::size_t end = close == std::string_view::npos || close > line ? line : close + 2;
  std::size_t first = skip_blanks(text_, map.offset + 1);
  std::size_t last = close == std::string_view::npos || close > line ? line : close;
  while (last > first && is_blank(text_[last - 1])) --last;
  std::string inner(text_.substr(first, last - first));
  if (inner.starts_with("secrets.")) inner = "secret(\"env:" + inner.substr(8) + "\")";
  if (inner.starts_with("env.")) inner = "env(\"" + inner.substr(4) + "\")";
  if (inner == "github.sha") inner = "git_sha()";
  if (inner == "github.ref_name") inner = "git_branch()";
  error("S0101", hole.offset, end, "`${{ }}` (GitHub Actions) is `${ }` here")
      .help("write " + ticked("${" + inner + "}"));
  return true;
}

void Explainer::value() {
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
  if (after_is && here_document()) return;
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

std::string_view Explainer::bare_text(std::size_t from) const {
  std::size_t end = from;
  while (end < text_.size() &&
         std::string_view(" \t\r\n,;)]}\"'#").find(text_[end]) == std::string_view::npos)
    ++end;
  return text_.substr(from, end - from);
}

void Explainer::splat() {
  std::size_t open = at_;
  while (open > 0 && text_[open] != '[') --open;
  std::size_t begin = open;
  while (begin > 0 && (is_word_char(text_[begin - 1]) || text_[begin - 1] == '.' || text_[begin - 1] == '-'))
    --begin;
  const std::string list(text_.substr(begin, open - begin));
  std::size_t close = text_.find(']', at_);
  if (close == std::string_view::npos) close = at_;
  const std::size_t stop = bare_text(close + 1 <= text_.size() ? close + 1 : close).size();
  const std::string member(text_.substr(std::min(close + 1, text_.size()), stop));
  error("S0135", at_, at_ + 1, "expected an index, found `*`")
      .help("write " + ticked("[for x in " + list + ": x" + member + "]"));
}

void Explainer::map_entry() {
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

void Explainer::map_is() {
  const Opener* opener = s_.open.empty() ? nullptr : &s_.open.back();
  if (opener != nullptr && !ends() && outside(*opener)) return;
  if (double_braces()) return;
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

void Explainer::each_colon() {
  if (here() == '?') {
    error("S0134", at_, at_ + 1, "a `? :` in the `if` or `in` of a comprehension needs parentheses")
        .help("write `if (a ? b : c): …`");
    return;
  }
  plain("`:` and what becomes of each element", {})
      .help("`[for x in list: x.host]`, `[for x in list if x.on: x.host]`");
}

void Explainer::member() {
  if (here() == '*') {
    error("S0135", at_, at_ + 1, "expected a name after `.`, found `*`").help("`[for x in list: x.host]`");
    return;
  }
  plain("a name", "after `.`");
}

}  // namespace cairn
