#include "interpreter/compile.h"

#include <cassert>

#include "interpreter/check/check.h"
#include "interpreter/load.h"
#include "interpreter/lower/lower.h"
#include "interpreter/verify.h"

namespace cairn {
namespace {

constexpr std::size_t most_verified_steps = 2000;

}  // namespace

Compiled compile(const CompileRequest& request, Inputs& inputs, Sources& sources, Diagnostics& diagnostics) {
  Compiled compiled;
  compiled.program = load(request.path, request.shown_folder, inputs, sources, diagnostics);
  if (compiled.program == nullptr) return compiled;
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
