#include <fmt/format.h>

#include "runtime/kinds/binding.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/settled.h"
#include "runtime/report/kept_tests.h"

namespace cairn::kinds {

execute::StepResult perform_check(World& world, const execute::StepRequest& request,
                                  execute::StepContext& context) {
  if (request.phase != Phase::run) return execute::StepEnd{};
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  const Node& node = request.graph.node(request.node);
  const bool holds = As<bool>::take(all->value("that"));
  const Value& message = all->value("message");
  const Setting* that = node.setting("that");
  const std::string expression = that != nullptr && that->span.known()
                                     ? std::string(world.sources.text(that->span))
                                     : std::string("that");

  report::TestCase test;
  test.suite = node.stage == no_node ? std::string("check") : request.graph.node(node.stage).path;
  test.name = node.path;
  test.outcome = holds ? report::TestOutcome::passed : report::TestOutcome::failed;
  if (!holds) test.message = message.null() ? fmt::format("`{}` is false", expression) : plain_text(message);
  const report::KeptTests kept{"check " + node.path,
                               {request.graph.name(request.step), node.path, {}, {{test}, {}}}};
  world.tests.put(kept.key, kept.tests);
  if (Result<Done> written = report::keep_tests(world.place.folder, kept); !written) return written.failure();
  if (holds) return execute::StepEnd{};
  Failure failure{.message = test.message, .causes = {}, .help = {}};
  if (!message.null()) failure.causes.push_back(fmt::format("`{}` is false", expression));
  return failure;
}

}  // namespace cairn::kinds
