// Where the params of a file get their values (rule 50).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "interpreter/evaluate.h"

namespace cairn {

// From the strongest to the weakest.
enum class ParamOrigin { command_line, params_file, environment, local_file, standard, missing };
std::string show(
    ParamOrigin origin);  // "-p", "--params", "CAIRN_PARAM_x", "cairn.local.json", "default", "not given"

// A value from outside: as text (`-p`, the environment), or typed already (JSON).
struct GivenParam {
  std::string name;
  std::variant<std::string, Value> value;
  ParamOrigin origin = ParamOrigin::command_line;
};

struct ParamListing {
  std::string name;
  std::string type;
  ParamOrigin origin = ParamOrigin::missing;
  Value value;  // null when it is missing; late when it needs the run
  std::string doc;
  Span span;
};

// What the file's params are given, by name and converted to their types; the origins of those given. Reports
// unknown names (once each), texts that are no literal of the type, and, unless `allow_missing`, params
// without any value. The environment and `cairn.local.json` beside the file are read through `inputs`.
std::map<std::string, Value> give_params(Program& program, Inputs& inputs,
                                         const std::vector<GivenParam>& given, bool allow_missing,
                                         std::map<std::string, ParamOrigin>& origins,
                                         std::vector<syntax::ExprPtr>& kept);

// All params of the file in its order, with where each value comes from.
std::vector<ParamListing> list_params(Evaluator& evaluator,
                                      const std::map<std::string, ParamOrigin>& origins);

}  // namespace cairn
