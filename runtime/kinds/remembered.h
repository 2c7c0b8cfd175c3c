// Steps that need not be done again: `remember` of a `run`, and under `up` every `run`, `sql` and `migrate`.
// What a step was done from, what it has published and where its artifacts lie is kept in the project's
// `.cairn/remembered`; whether what it depends on is still the same one is for the plan to say.
#pragma once

#include <string>

#include "interpreter/inputs.h"
#include "runtime/execute/exports.h"
#include "runtime/execute/kind_table.h"
#include "runtime/kinds/world.h"
#include "runtime/plan/facts.h"
#include "runtime/plan/plan.h"

namespace cairn::kinds {

// Whether a successful end of this node is worth remembering.
bool is_remembered(const Graph& graph, NodeId node, bool up);

// What it is done from, by name, as plan::what_changed reads it: its settings; for `remember = [paths]` those
// files by content; for `remember = true` the folders and files of this machine that it mounts. `image_id`:
// of an image that is named by a reference, empty when it is not known.
std::string step_inputs(const Graph& graph, const Sources& sources, Inputs& inputs,
                        const std::string& project_folder, NodeId node, const std::string& image_id);

// Adds to the facts, by step name, what is remembered and still right, and why what was remembered is not any
// more. `image_id` is asked for nodes whose image is a reference.
void look_at_remembered(const Graph& graph, const Sources& sources, Inputs& inputs, const RunPlace& place,
                        const std::function<std::string(NodeId)>& image_id, plan::Facts& facts);

// What the steps that the plan keeps have published, as if they had just run: before the run begins.
void restore_remembered(World& world, const plan::Facts& facts, const plan::Plan& plan,
                        execute::Exports& exports);

// A performer that remembers what ended well.
execute::PerformKind remembering(World& world, execute::PerformKind perform);

}  // namespace cairn::kinds
