// The stages of the front end as stable text: what `cairn --show model|graph` prints and golden tests hold.
#pragma once

#include <string>

#include "interpreter/compile.h"

namespace cairn {

// What was declared: modules, scopes, kinds, blocks with their kinds. Needs no values, so it works on any
// file.
std::string show_model(const Program& program);

// Nodes with the settings that were written or computed, steps, edges with reasons, holds. Secrets never.
std::string show_graph(const Graph& graph, const Sources& sources);

// One line a param: name, type, value, where it comes from.
std::string show_params(const std::vector<ParamListing>& params);

}  // namespace cairn
