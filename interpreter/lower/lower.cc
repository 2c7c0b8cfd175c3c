#include "interpreter/lower/lower.h"

#include "interpreter/lower/demands.h"
#include "interpreter/lower/dependency.h"

namespace cairn {

std::optional<Graph> lower(Evaluator& evaluator) {
  Draft draft;
  lower_nodes(evaluator, draft);
  check_demands(evaluator, draft);
  if (evaluator.program.diagnostics.has_errors()) return std::nullopt;
  pass_through_endpoints(draft);
  lower_addresses(evaluator, draft);
  lower_steps(draft);
  lower_groups(draft);
  lower_edges(draft);
  lower_lifetimes(draft);
  lower_overwrites(draft);
  lower_claims(draft);
  index_edges(draft.graph);
  if (!order_steps(draft.graph, evaluator.program.diagnostics)) return std::nullopt;
  // From here on the graph is frozen.
  return std::move(draft.graph);
}

}  // namespace cairn
