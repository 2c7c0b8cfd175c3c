// Every native kind that acts, and who performs it. One function a kind, one file each.
#pragma once

#include "runtime/execute/kind_table.h"
#include "runtime/kinds/world.h"

namespace cairn::kinds {

execute::StepResult perform_service(World& world, const execute::StepRequest& request,
                                    execute::StepContext& context);
execute::StepResult perform_run(World& world, const execute::StepRequest& request,
                                execute::StepContext& context);
execute::StepResult perform_volume(World& world, const execute::StepRequest& request,
                                   execute::StepContext& context);
execute::StepResult perform_engine_volume(World& world, const execute::StepRequest& request,
                                          execute::StepContext& context);
execute::StepResult perform_clone(World& world, const execute::StepRequest& request,
                                  execute::StepContext& context);
execute::StepResult perform_engine_clone(World& world, const execute::StepRequest& request,
                                         execute::StepContext& context);
execute::StepResult perform_snapshot(World& world, const execute::StepRequest& request,
                                     execute::StepContext& context);
execute::StepResult perform_network(World& world, const execute::StepRequest& request,
                                    execute::StepContext& context);
execute::StepResult perform_image(World& world, const execute::StepRequest& request,
                                  execute::StepContext& context);
execute::StepResult perform_push(World& world, const execute::StepRequest& request,
                                 execute::StepContext& context);
execute::StepResult perform_probe(World& world, const execute::StepRequest& request,
                                  execute::StepContext& context);
execute::StepResult perform_check(World& world, const execute::StepRequest& request,
                                  execute::StepContext& context);
execute::StepResult perform_http(World& world, const execute::StepRequest& request,
                                 execute::StepContext& context);

// By the kind's name. `world` must outlive the table.
std::map<std::string, execute::PerformKind, std::less<>> all_kinds(World& world);
// How a step ends that has nothing to do, so that no thread is woken for it; none: it has, or may have.
std::optional<execute::StepResult> ended_at_once(World& world, const execute::StepRequest& request);

}  // namespace cairn::kinds
