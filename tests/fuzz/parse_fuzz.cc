// Any bytes: no crash, no hang, every span inside the text, and every way of showing the result works.
#include <cstdint>
#include <cstdlib>

#include "grammar/parse.h"
#include "grammar/render.h"
#include "grammar/show.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  Sources sources;
  Diagnostics diagnostics;
  const std::uint32_t id =
      sources.add("fuzz.stack", "", std::string(reinterpret_cast<const char*>(data), size));
  const syntax::File file = parse(sources, id, diagnostics);
  const auto check = [&](Span span) {
    if (span.file != id || span.begin > span.end || span.end > size + 1 || span.begin > size) std::abort();
  };
  for (const Diagnostic& each : diagnostics.all()) {
    check(each.primary.span);
    for (const Label& label : each.labels) check(label.span);
    if (each.code.empty() || each.message.empty()) std::abort();
  }
  if (show_syntax(file, true).empty()) std::abort();
  (void)render(sources, diagnostics);
  (void)render_json(sources, diagnostics);
  (void)render_sarif(sources, diagnostics, {}, "0");
  Diagnostics others;
  (void)parse_expression(sources, id, others);
  return 0;
}
