// Findings: what is legal and yet most likely wrong. Races first: a happens-before analysis over the frozen graph.
// Every finding is a warning with a code L04xx (races and order), L05xx (habits) or L06xx (names); `# cairn: allow
// L0501 because why` silences one in one statement (allow.h).
#pragma once

#include "grammar/diagnostic.h"
#include "interpreter/graph.h"
#include "interpreter/inputs.h"

namespace cairn::lint {

struct Request {
  const Graph& graph;
  Inputs& inputs;  // only asked whether files exist
};

// Adds the findings in the order of the families; the caller sorts. Near-linear in the size of the graph.
void find_all(const Request& request, Diagnostics& findings);

// The families, each in a file of its own.
void find_races(const Graph& graph, Diagnostics& findings);           // races.cc: L0401–L0405
void find_unordered_reach(const Graph& graph, Diagnostics& findings); // reach.cc: L0406, L0407
void find_habits(const Request& request, Diagnostics& findings);      // habits.cc: L0501–L0516

}  // namespace cairn::lint
