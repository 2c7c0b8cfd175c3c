#include <algorithm>

#include "grammar/mistakes_explainer.h"

namespace cairn {

bool Explainer::mismatched_close() {
  const char c = here();
  if ((c != ')' && c != ']' && c != '}') || s_.open.empty()) return false;
  const Opener& opener = s_.open.back();
  if (is_quoted_kind(opener.kind) || opener.kind == 'h' || closer(opener.kind) == c) return false;
  bool known = false;
  for (const Opener& each : s_.open) known = known || (!is_quoted_kind(each.kind) && closer(each.kind) == c);
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

void Explainer::never_closed(const Opener& opener, const std::string& where) {
  const bool hole = opener.kind == 'h';
  Diagnostic& made = error(
      "S0109", opener.offset, opener.offset + (hole ? 2 : 1),
      "this " + ticked(hole ? "${" : std::string_view(text_).substr(opener.offset, 1)) + " is never closed");
  const Token token = token_;
  if (token.kind == Token::Kind::file_end) {
    made.note("the file ends on line " +
              std::to_string(std::count(text_.begin(), text_.end(), '\n') + (text_.ends_with('\n') ? 0 : 1)));
  } else {
    made.label(span(token.begin, std::max(token.end, token.begin + 1)),
               "expected " + ticked(std::string(1, closer(opener.kind))) + " " + where);
  }
}

void Explainer::closing() {
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

bool Explainer::outside(const Opener& opener) {
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

}  // namespace cairn
