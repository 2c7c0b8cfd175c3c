#include "runtime/execute/kind_table.h"

#include <fmt/core.h>

namespace cairn::execute {

StepResult KindTable::perform(const StepRequest& request, StepContext& context) {
  const std::string& kind = request.graph.node(request.node).kind;
  const auto found = kinds_.find(kind);
  if (found == kinds_.end())
    return Failure{.message = fmt::format("this cairn cannot perform `{}`", kind), .causes = {}, .help = {}};
  return found->second(request, context);
}

}  // namespace cairn::execute
