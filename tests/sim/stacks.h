// .stack files of every shape that a run on an engine has, by a seed, with containers whose scripts are as
// they are in life: most do what they should, some end early, never become ready, die later, hear nothing.
#pragma once

#include <string>
#include <vector>

#include "tests/fakes/random_graph.h"

namespace cairn::sim {

struct RandomStack {
  std::string text;
  std::vector<std::string> stages;
  bool sound = true;       // nothing in it fails by itself
  bool repeatable = true;  // however long things take, it comes to the same end
};

// `trouble`: one container in so many has something wrong with it; 0: none.
RandomStack random_stack(Chance& chance, int trouble);

}  // namespace cairn::sim
