#include "runtime/kinds/place.h"

#include <fmt/format.h>

#include "runtime/kinds/collect.h"
#include "runtime/kinds/container/inside_service.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/host_workload.h"

namespace cairn::kinds {

Result<std::shared_ptr<Workload>> place_workload(World& world, const execute::StepRequest& request,
                                                 const std::vector<Setting>& settings,
                                                 execute::StepContext& context) {
  ProcessSettings process = process_settings(settings);
  if (!process.image.null())
    return make_container_workload(*world.containers, request.node, request.attempt, std::move(process),
                                   settings, context);
  Value where = process.in;
  const NodeId stage = request.graph.node(request.node).stage;
  if (where.null() && stage != no_node) where = request.graph.node(stage).value("in");
  if (const std::string* text = where.as<std::string>(); text != nullptr && *text == "host")
    return HostWorkload::make(world, request.node, std::move(process), promised_files(settings));
  if (const NodeId service = service_around(request.graph, request.node); service != no_node)
    return make_workload_inside(*world.containers, request, service, std::move(process), settings);
  if (const NodeRef* other = where.as<NodeRef>())
    return Failure{
        .message = fmt::format("this cairn cannot run `{}` in `{}`", request.graph.node(request.node).path,
                               request.graph.node(other->node).path),
        .causes = {},
        .help = "`image`, `in = \"host\"` and a service in a container are the places it has"};
  return Failure{
      .message = fmt::format("this cairn cannot run `{}` there", request.graph.node(request.node).path),
      .causes = {fmt::format("`in` is {}", show(where))},
      .help = "`image`, `in = \"host\"` and a service in a container are the places it has"};
}

}  // namespace cairn::kinds
