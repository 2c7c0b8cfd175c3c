#include "interpreter/compile.h"

#include <cassert>
#include <cctype>

#include "interpreter/check/check.h"
#include "interpreter/foreign.h"
#include "interpreter/load.h"
#include "interpreter/lower/lower.h"
#include "interpreter/verify.h"

namespace cairn {
namespace {

constexpr std::size_t most_verified_steps = 2000;

// `depends_on: [db]`: the colon is one mistake, the word would be the next one.
void answer_foreign_words(const Sources& sources, Diagnostics& diagnostics) {
  for (Diagnostic& one : diagnostics.all()) {
    if (one.code != "S0104") continue;
    const std::string_view text = sources.at(one.primary.span.file).text;
    std::size_t end = one.primary.span.begin;
    while (end > 0 && text[end - 1] == ' ') --end;
    std::size_t begin = end;
    while (begin > 0 && (std::isalnum(static_cast<unsigned char>(text[begin - 1])) != 0 ||
                         text[begin - 1] == '_' || text[begin - 1] == '-'))
      --begin;
    const bool indented = begin > 0 && text[begin - 1] != '\n';
    if (const ForeignName* known = foreign(indented ? "service" : "", text.substr(begin, end - begin)))
      one.help(std::string(known->answer));
  }
}

}  // namespace

Compiled compile(const CompileRequest& request, Inputs& inputs, Sources& sources, Diagnostics& diagnostics) {
  Compiled compiled;
  compiled.program = load(request.path, request.shown_folder, inputs, sources, diagnostics);
  if (compiled.program == nullptr) return compiled;
  answer_foreign_words(sources, diagnostics);
  check(*compiled.program);
  std::map<std::string, ParamOrigin> origins;
  std::map<std::string, Value> params = give_params(*compiled.program, inputs, request.params,
                                                    request.allow_unknown, origins, compiled.param_texts);
  compiled.evaluator =
      std::make_unique<Evaluator>(*compiled.program, inputs, std::move(params), request.allow_unknown);
  compiled.graph = lower(*compiled.evaluator);
  compiled.params = list_params(*compiled.evaluator, origins);
  compiled.left_out = compiled.evaluator->left_out();
  if (!compiled.graph || diagnostics.has_errors()) {
    compiled.graph.reset();
    return compiled;
  }
  const Graph& graph = *compiled.graph;
  // Following every hold is quadratic: what is made by hand is verified each time, what is generated in the
  // tests.
  assert(graph.steps.size() > most_verified_steps || verify(graph).empty());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].kind == "stage") compiled.stages.push_back(NodeId{static_cast<std::uint32_t>(i)});
  return compiled;
}

}  // namespace cairn
