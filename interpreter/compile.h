// The front end as a whole: text in, frozen graph out.
//
//   load ──▶ check ──▶ expand and evaluate ──▶ lower ──▶ verify
//
// Every pass runs over all that is well-formed, so that all mistakes are reported at once; a graph comes out
// only when there are none.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "grammar/diagnostic.h"
#include "grammar/source.h"
#include "interpreter/graph.h"
#include "interpreter/inputs.h"
#include "interpreter/params.h"

namespace cairn {

struct CompileRequest {
  std::string path;  // of the main file, as `inputs` reads it
  std::vector<GivenParam>
      params;  // of the command line and of `--params`; the environment is asked through inputs
  bool allow_unknown = false;  // params without a value are unknown instead of an error (lint)
  // Stands before the names of the project's files in messages: "examples/shop/".
  std::string shown_folder = {};
};

// Owns the syntax trees, environments and values: late values stay valid as long as it lives.
struct Compiled {
  std::shared_ptr<Program> program;  // null when the file could not be read
  std::unique_ptr<Evaluator> evaluator;
  std::vector<syntax::ExprPtr> param_texts;  // the literals that params were given as
  std::optional<Graph> graph;                // nothing when there are errors
  std::vector<NodeId> stages;                // in the order of the file
  std::vector<ParamListing> params;
  std::vector<Span> left_out;  // `for` and `if` over unknown params: the graph is without them
};

// `inputs`, `sources` and `diagnostics` must outlive what is returned.
Compiled compile(const CompileRequest& request, Inputs& inputs, Sources& sources, Diagnostics& diagnostics);

}  // namespace cairn
