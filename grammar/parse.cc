#include "grammar/parse.h"

#include "grammar/attach.h"
#include "grammar/foreign.h"
#include "grammar/parse_statements.h"
#include "grammar/parse_wants.h"

namespace cairn {

namespace {

namespace g = rules;
namespace f = frames;

template <typename Rule>
void run(Context& context, f::FileFrame& frame) {
  tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy, tao::pegtl::eol::lf, const char*> in(
      context.text().data(), context.text().size(), "");
  try {
    (void)tao::pegtl::parse<Rule, reading::action, reading::control>(in, frame);
  } catch (const Mistake&) {
    // Reported where it was thrown; what was read before it is in the frame.
  }
}

}  // namespace

syntax::File parse(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  const std::string& text = sources.at(file).text;
  const auto end = static_cast<std::uint32_t>(text.size());
  syntax::File made;
  made.file = file;
  made.body.span = {file, 0, end};
  if (refuse_binary(text, file, diagnostics)) return made;
  Diagnostics found;
  Context context(text, file, found);
  f::FileFrame frame{context, {}, nullptr};
  run<g::file>(context, frame);
  if (found.has_errors() && explain_foreign(text, file, diagnostics)) return made;
  made.body.statements = std::move(frame.body.statements);
  made.comments = context.take_comments();
  attach_comments(made, text);
  for (const Diagnostic& each : found.sorted()) diagnostics.add(each);
  return made;
}

syntax::ExprPtr parse_expression(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics) {
  const std::string& text = sources.at(file).text;
  const Span all{file, 0, static_cast<std::uint32_t>(text.size())};
  if (!refuse_binary(text, file, diagnostics)) {
    Diagnostics found;
    Context context(text, file, found);
    f::FileFrame frame{context, {}, nullptr};
    run<g::lone>(context, frame);
    for (const Diagnostic& each : found.sorted()) diagnostics.add(each);
    if (frame.expression != nullptr && !found.has_errors()) return std::move(frame.expression);
  }
  return f::Frame::make(all, syntax::Poison{});
}

}  // namespace cairn
