// What a node has to say, judged on its values: a place for a service, paths that are ones inside of it, a
// node that is not its own dependant.
#pragma once

#include "interpreter/lower/dependency.h"

namespace cairn {

void check_demands(Evaluator& evaluator, Draft& draft);

// Paths inside of a container begin with `/`: `working_dir`, `mounts`, `files`, `tmpfs`.
void check_paths_inside(Evaluator& evaluator, NodeId id, const Node& node);

// `healthcheck` has Compose's keys, with this language's durations: one that is not understood would not be
// heard.
void check_health(Evaluator& evaluator, NodeId id, const Node& node);

// What a `run` in a running service cannot have, and that it has something to run.
void check_inside_service(Evaluator& evaluator, NodeId id, const Graph& graph);

// What a `snapshot` or `clone` cannot be.
void check_copy(Evaluator& evaluator, NodeId id, const Draft& draft);

}  // namespace cairn
