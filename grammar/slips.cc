// Mistakes that the parser reads on from as meant, and brackets that are open at the end of the text.
#include <algorithm>

#include "grammar/mistakes.h"
#include "grammar/text_scan.h"

namespace cairn {

void Context::fail(Wanted wanted, std::uint32_t at) {
  failed_open_ = open_;
  Explained explained = explain({text_, file_, wanted, at, statement_, open_});
  failed_at_ = explained.resume.value_or(at);
  failed_head_ = explained.owns_deeper_lines;
  const bool at_end = explained.diagnostic.code == "S0111" ||
                      (explained.diagnostic.code == "S0109" && skip_blanks(text_, at) >= text_.size());
  if (at_end) unclosed_reported_ = true;
  if (wanted == Wanted::map_is && !open_.empty()) {
    // One map is one misunderstanding.
    const bool again = misread_map_ == open_.back().offset + 1;
    misread_map_ = open_.back().offset + 1;
    if (again) throw Mistake{};
  }
  report(std::move(explained.diagnostic));
  throw Mistake{};
}

void Context::report(Diagnostic diagnostic) {
  // A foreign habit is told once where it stands in a row: quotes on one line, comments and list items line
  // by line.
  const std::string& code = diagnostic.code;
  const bool habit = code == "S0115" || code == "S0118" || code == "S0142";
  if (habit) {
    const std::uint32_t begin = diagnostic.primary.span.begin;
    const bool again = habit_ == code && begin >= habit_at_;
    const auto lines = again ? std::count(text_.begin() + habit_at_, text_.begin() + begin, '\n') : 0;
    habit_ = code;
    habit_at_ = begin;
    if (again && lines <= (code == "S0115" ? 0 : 1)) return;
  }
  diagnostics_.add(std::move(diagnostic));
}

Diagnostic& Context::slip(const char* code, std::uint32_t begin, std::uint32_t end, std::string message) {
  return diagnostics_.error(code, span(begin, end), std::move(message));
}

void Context::chained_comparison(Span left, Span middle, Span op, Span right) {
  const auto text = [&](Span of) { return std::string(text_.substr(of.begin, of.end - of.begin)); };
  const Span first = cover(left, middle);
  diagnostics_.error("S0130", cover(op, right), "comparisons do not chain")
      .help("write " + ticked(text(first) + " && " + text(middle) + " " + text(op) + " " + text(right)));
}

void Context::bad_escape(std::uint32_t begin) {
  const std::size_t next = begin + 1;
  const bool line_ends = next >= text_.size() || text_[next] == '\n' || text_[next] == '\r';
  const std::size_t bytes = line_ends ? 0 : rune_at(text_, next).bytes;
  const auto end = static_cast<std::uint32_t>(next + bytes);
  const std::string_view escape = text_.substr(begin, end - begin);
  Diagnostic& made = slip("S0112", begin, end, "unknown escape " + ticked(escape));
  made.note("escapes: `\\n` `\\t` `\\r` `\\\"` `\\\\` `\\$` `\\u{e9}`");
  made.help(escape == "\\'" ? "write `'` as it is" : "write `\\\\` for a backslash, or use '…' for raw text");
}

void Context::long_text_start(std::uint32_t begin) {
  const auto first = static_cast<std::uint32_t>(skip_blanks(text_, begin));
  const std::string_view quotes = text_.substr(begin - 3, 3);
  std::uint32_t end = std::max<std::uint32_t>(first + 1, static_cast<std::uint32_t>(line_stop(text_, first)));
  if (const std::size_t close = text_.find(quotes, first); close < end && close > first)
    end = static_cast<std::uint32_t>(close);
  slip("S0114", first, end, "the text after " + ticked(quotes) + " starts on the next line")
      .help(quotes == "\"\"\"" ? "for a text on one line write `\"…\"`"
                               : "for a raw text on one line write `'…'`");
}

void Context::map_colon(Span key, std::uint32_t colon) {
  // One map is one misunderstanding.
  const std::uint32_t map = open_.empty() ? 0 : open_.back().offset;
  if (misread_map_ == map + 1) return;
  misread_map_ = map + 1;
  slip("S0104", colon, colon + 1, "an entry of a map is written with `=`")
      .help("write " + ticked(std::string(text_.substr(key.begin, key.end - key.begin)) + " = …"));
}

void Context::quoted_head(Span head, Span quoted) {
  const std::string_view text = text_.substr(quoted.begin, quoted.end - quoted.begin);
  const std::string_view name = text.substr(1, text.size() - 2);
  const std::string_view before = text_.substr(head.begin, head.end - head.begin);
  const bool second = before.find_first_of(" \t\"") != std::string_view::npos;
  if (second && !diagnostics_.empty() && diagnostics_.all().back().code == "S0105" &&
      diagnostics_.all().back().primary.span.file == file_ &&
      diagnostics_.all().back().primary.span.begin >= head.begin) {
    // `resource "kind" "name"`: one misunderstanding.
    Diagnostic& told = diagnostics_.all().back();
    told.primary.span = cover(told.primary.span, quoted);
    told.message = "a block has one name, without quotes";
    return;
  }
  Diagnostic& made = slip("S0105", quoted.begin, quoted.end,
                          second ? "a block has one name" : "the name of a block has no quotes");
  if (!second && word_at(name, 0) == name && !name.empty())
    made.help("write " + ticked(std::string(before) + " " + std::string(name)));
}

void Context::sign_before_body(Span head, std::uint32_t sign) {
  const std::string before(text_.substr(head.begin, head.end - head.begin));
  Diagnostic& made = slip("S0106", sign, sign + 1,
                          "no " + ticked(text_.substr(sign, 1)) + " stands between a block and its `{`");
  made.help("write " + ticked(before + " {"));
  if (before.find_first_of(" \t.") == std::string::npos)
    made.help("for a setting that is a map write " + ticked(before + " = {"));
}

void Context::body_on_next_line(std::uint32_t head_end, std::uint32_t brace) {
  const auto begin = static_cast<std::uint32_t>(skip_blanks(text_, line_begin(text_, head_end)));
  while (head_end > begin && is_blank(text_[head_end - 1])) --head_end;
  const Span head = span(begin, head_end);
  const std::string before(text_.substr(head.begin, head.end - head.begin));
  slip("S0107", brace, brace + 1, "`{` belongs on the line of " + ticked(before))
      .label(head, "the head of the block")
      .help("write " + ticked(before + " {"));
}

void Context::stray_brace(std::uint32_t at) {
  Diagnostic& made = slip("S0108", at, at + 1, "this `}` closes nothing");
  if (!suspects_.empty()) return;
  made.help("take it away, or look for a `}` too many above it");
}

void Context::unclosed() {
  if (unclosed_reported_ || open_.empty()) return;
  unclosed_reported_ = true;
  // Whoever holds a line that is not indented deeper than itself lost its bracket: first those that are still
  // open, then those that took a bracket meant for another.
  std::vector<Opener> betrayed;
  for (const Opener& opener : open_) {
    if (opener.betrayed != 0) betrayed.push_back(opener);
  }
  for (const Opener& opener : suspects_) {
    if (opener.offset > open_.front().offset) betrayed.push_back(opener);
  }
  std::sort(betrayed.begin(), betrayed.end(),
            [](const Opener& a, const Opener& b) { return a.betrayed < b.betrayed; });
  if (betrayed.size() > open_.size()) betrayed.resize(open_.size());
  if (betrayed.empty()) betrayed.push_back(open_.back());
  const auto lines = std::count(text_.begin(), text_.end(), '\n') + (text_.ends_with('\n') ? 0 : 1);
  for (const Opener& opener : betrayed) {
    const bool block = is_block(opener);
    Diagnostic& made = slip(block ? "S0102" : "S0109", opener.offset, opener.offset + 1,
                            block ? "this block is never closed"
                                  : "this " + ticked(text_.substr(opener.offset, 1)) + " is never closed");
    if (opener.betrayed != 0) {
      const Token token = token_at(text_, opener.betrayed);
      made.label(span(opener.betrayed, static_cast<std::uint32_t>(std::max(token.end, token.begin + 1))),
                 "going by its indentation, this is outside");
    }
    made.note("the file ends on line " + std::to_string(lines));
  }
}

bool Context::is_block(const Opener& opener) const {
  if (opener.kind != '{') return false;
  const char ahead = before(text_, opener.offset);
  return is_word_char(ahead) || ahead == '"' || ahead == ')' || ahead == ']' || ahead == '\n' ||
         ahead == '}' || ahead == 0;
}

}  // namespace cairn
