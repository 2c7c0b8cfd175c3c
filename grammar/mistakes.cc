// What is told about a mistake. Recovery is elsewhere (parse_context.cc); nothing here changes how a file is read.
#include "grammar/parse_context.h"

namespace cairn {

void Context::fail(Wanted wanted, std::uint32_t at) {
  failed_at_ = at;
  failed_open_ = open_;
  failed_head_ = wanted == Wanted::block_rest;
  diagnostics_.error("S0101", span(at, at + 1), "unexpected " + std::to_string(int(wanted)));
  throw Mistake{};
}

Diagnostic& Context::slip(const char* code, std::uint32_t begin, std::uint32_t end, std::string message) {
  return diagnostics_.error(code, span(begin, end), std::move(message));
}
void Context::chained_comparison(Span, Span, Span op, Span right) { diagnostics_.error("S0130", cover(op, right), "comparisons do not chain"); }
void Context::bad_escape(std::uint32_t begin) { slip("S0112", begin, begin + 2, "unknown escape"); }
void Context::long_text_start(std::uint32_t begin) { slip("S0114", begin, begin + 1, "text after quotes"); }
void Context::map_colon(Span, std::uint32_t colon) { slip("S0104", colon, colon + 1, "maps use `=`"); }
void Context::quoted_head(Span, Span quoted) { slip("S0105", quoted.begin, quoted.end, "a name has no quotes"); }
void Context::sign_before_body(Span, std::uint32_t sign) { slip("S0106", sign, sign + 1, "no sign"); }
void Context::body_on_next_line(Span, std::uint32_t brace) { slip("S0107", brace, brace + 1, "`{` belongs"); }
void Context::stray_brace(std::uint32_t at) { slip("S0108", at, at + 1, "unmatched `}`"); }
void Context::unclosed() { if (!unclosed_reported_) slip("S0102", open_.back().offset, open_.back().offset + 1, "never closed"); unclosed_reported_ = true; }

}  // namespace cairn
