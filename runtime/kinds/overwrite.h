// Overwriting a volume in place: the services of the run that use it are stopped before and started after.
#pragma once

#include <functional>
#include <vector>

#include "runtime/kinds/world.h"

namespace cairn::kinds {

// The services that the graph stops for the clone `by`: those that use the volume it is put onto, were ready
// before, and live on. In the order of the graph.
std::vector<NodeId> stopped_for(const Graph& graph, NodeId by);

// Stops them, does `work`, starts them and waits until they are ready again. When `work` has failed and left
// the volume as it was, they are started all the same; otherwise they stay down, because nobody knows what
// the volume holds.
Result<Done> with_users_stopped(World& world, const execute::StepRequest& by, execute::StepContext& context,
                                const std::function<Result<Done>()>& work);

// Whether the run was killed between the stop of a service for an overwrite and its start: it may run, and be
// about to end. That it was started by somebody else then is recorded, too.
bool was_being_stopped(const std::string& run_folder, const std::string& service);
Result<Done> record_start(const std::string& run_folder, const std::string& service);

// Before the folder of this machine is overwritten: so that `clean` finds what one that is killed leaves
// beside it.
Result<Done> record_overwrite(const std::string& run_folder, const std::string& target);
// What is left of them now.
std::vector<std::string> left_by_overwrites(const std::string& run_folder);

}  // namespace cairn::kinds
