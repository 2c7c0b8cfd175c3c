// What must be true of any program, whatever its text: for the fuzz targets that compile.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#include "grammar/render.h"
#include "interpreter/draw/drawings.h"
#include "interpreter/lint/allow.h"
#include "interpreter/lint/lint.h"
#include "interpreter/show.h"
#include "interpreter/verify.h"
#include "tests/interpreter/program.h"

namespace cairn::fuzz {

[[noreturn]] inline void give_up(const char* why, const std::string& shown) {
  std::fprintf(stderr, "%s\n-----\n%s\n", why, shown.c_str());
  std::abort();
}

inline void check_spans(const Outcome& outcome, const Diagnostics& diagnostics) {
  const auto check = [&](Span span) {
    if (!span.known()) return;
    const std::size_t size = outcome.sources.at(span.file).text.size();
    if (span.begin > span.end || span.begin > size || span.end > size + 1)
      give_up("a span outside of its file", render(outcome.sources, diagnostics));
  };
  for (const Diagnostic& each : diagnostics.all()) {
    check(each.primary.span);
    for (const Label& label : each.labels) check(label.span);
    if (each.code.empty() || each.message.empty()) give_up("says nothing", each.code + each.message);
  }
  (void)render(outcome.sources, diagnostics);
  (void)render_json(outcome.sources, diagnostics);
}

// Either a graph or an error; a graph holds its invariants, can be shown in every way and linted; the same
// text always means the same.
inline void check_program(const std::map<std::string, std::string>& files) {
  const auto outcome = compile_files(files, {}, true);
  check_spans(*outcome, outcome->diagnostics);
  if (outcome->compiled.program != nullptr) (void)show_model(*outcome->compiled.program);
  if (outcome->compiled.graph.has_value() == outcome->diagnostics.has_errors())
    give_up("neither a graph nor an error, or both", render(outcome->sources, outcome->diagnostics));
  if (!outcome->compiled.graph) return;
  const Graph& graph = outcome->graph();
  const std::string shown = show_graph(graph, outcome->sources);
  if (graph.steps.size() < 500)
    for (const std::string& broken : verify(graph)) give_up(broken.c_str(), shown);
  Diagnostics findings;
  lint::find_all({graph, outcome->inputs}, findings);
  lint::find_names(*outcome->compiled.program, findings);
  (void)lint::without_allowed(*outcome->compiled.program, findings);
  check_spans(*outcome, findings);
  if (graph.nodes.size() < 100)
    for (const draw::Level level : {draw::Level::stage, draw::Level::node, draw::Level::step}) {
      const draw::Picture picture = draw::make_picture(graph, outcome->sources, {level, false, {}});
      (void)draw::ascii(picture);
      (void)draw::html(picture);
      (void)draw::json(picture);
    }
  const auto again = compile_files(files, {}, true);
  if (!again->compiled.graph || show_graph(again->graph(), again->sources) != shown)
    give_up("means something else the second time", shown);
}

}  // namespace cairn::fuzz
