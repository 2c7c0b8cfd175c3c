// What is to be done to reach a goal, step by step, with reasons. Pure: the same graph, facts and goal give
// the same plan and the same text.
#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "interpreter/graph.h"
#include "runtime/plan/facts.h"
#include "runtime/plan/goal.h"
#include "runtime/plan/verdict.h"

namespace cairn::plan {

struct StepPlan {
  Verdict verdict = Verdict::not_needed;
  std::string reason;  // "its image has changed"; never empty
  Span span{};  // the place in the file that the reason is about; the block's head if there is none better
};

// Why a goal cannot be reached as things are. A plan that has any is not to be carried out.
struct Refusal {
  NodeId node = no_node;
  std::string message;  // "the container `cairn-shop-db` belongs to project `shop` of ann"
  std::string help;
  bool endpoint = false;  // something could not be reached: exit code 3
};

struct Plan {
  std::vector<StepPlan> steps;  // by StepId
  std::vector<Refusal> refusals;

  // Refusals that hold whatever is there go before those about what is there.
  void refuse_first(std::vector<Refusal> more) {
    refusals.insert(refusals.begin(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
  }
  bool changes_nothing() const;  // no step is to be done, replaced or undone
};

Plan plan(const Graph& graph, const Facts& facts, const Goal& goal);

// Of two hashes by setting ("command=1a env=2b"), in words: "`command` has changed".
std::string what_changed(std::string_view was, std::string_view wanted);

// One line a step that is not NotNeeded, in the graph's order: "replace  db:create  its settings have
// changed".
std::string show(const Graph& graph, const Plan& plan);

}  // namespace cairn::plan
