// Findings: what is legal and yet most likely wrong. Races first: a happens-before analysis over the frozen
// graph. Every finding is a warning with a code L04xx (races and order), L05xx (habits) or L06xx (names); `#
// cairn: allow L0501 because why` silences one in one statement (allow.h).
#pragma once

#include "grammar/diagnostic.h"
#include "interpreter/graph.h"
#include "interpreter/inputs.h"
#include "interpreter/program.h"

namespace cairn::lint {

struct Request {
  const Graph& graph;
  Inputs& inputs;  // only asked whether files exist
};

// All that the graph shows, in the order of the families; the caller sorts. Near-linear in the size of the
// graph.
void find_all(const Request& request, Diagnostics& findings);

// All that the text shows: L0601 unused names, L0604 hidden names, L0605 keys that look like names, L0503 and
// L0504, secrets in the text and on command lines, and L0518, variables of a shell where none is. Needs no
// graph.
void find_names(const Program& program, Diagnostics& findings);

// The families, each in a file of its own.
void find_races(const Graph& graph, Diagnostics& findings);            // races.cc: L0401–L0405, L0408
void find_unordered_reach(const Graph& graph, Diagnostics& findings);  // reach.cc: L0406, L0407
void find_habits(const Graph& graph,
                 Diagnostics& findings);  // habits.cc: L0501–L0505, L0510–L0514, L0516, L0517
void find_empty_promises(const Graph& graph, Diagnostics& findings);  // promises.cc: L0508
void find_order_habits(const Graph& graph, Diagnostics& findings);    // order_habits.cc: L0509, L0515
void find_paths(const Request& request, Diagnostics& findings);       // paths.cc: L0506, L0507
void find_in_texts(const Program& program, Diagnostics& findings);    // texts.cc: L0503, L0504, L0518, L0605

}  // namespace cairn::lint
