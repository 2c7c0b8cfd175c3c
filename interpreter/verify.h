// The invariants of a graph. Held after every lower in debug builds and by every random program of the tests.
//
//   G1 no cycle over needs and follows
//   G2 what is made has one finaliser, and finalisers are only followed to
//   G3 a hold lies between ready and stop
//   G4 who uses a service stops before it
//   G7 every edge has a span and a reason
//   G8 the order has every step once, after what comes before it
//   G9 the indexes agree with the edges
//   G10 parents, members and paths agree
//
// G5 (edges are linear in nodes and references) is a property of the tests; G6 (nothing late in a setting
// that has to be known) needs the declarations: lowering refuses it with a diagnostic.
#pragma once

#include <string>
#include <vector>

#include "interpreter/graph.h"

namespace cairn {

// One sentence for each violation, beginning with the invariant's name; empty when all hold.
std::vector<std::string> verify(const Graph& graph);

}  // namespace cairn
