// What is left of a run that was interrupted: which tasks are still to be done, and which things and services
// these need. What only those needed that are done is not made again.
#pragma once

#include <string>
#include <vector>

#include "interpreter/graph.h"
#include "runtime/plan/facts.h"

namespace cairn::plan {

class Rest {
 public:
  // `wanted`: by step, what the run as a whole wants. All must outlive this, but for `wanted`.
  Rest(const Graph& graph, const Facts& facts, const std::string& run, const std::vector<char>& wanted);

  // A thing or service: it has not come to be as it should, or something that is still to be done uses it.
  bool needs(NodeId node) const { return needed_[index(node)] != 0; }
  // A task that has succeeded and has to be run again all the same.
  bool repeats(NodeId node) const { return to_do_[index(node)] != 0; }
  // The thing or service that a node used and that will be another one; no_node when there is none.
  NodeId made_anew_before(NodeId node) const;
  // What is there of a thing or service was made to its end.
  bool is_whole(NodeId node) const;

 private:
  bool succeeded(StepId step) const;
  bool is_anew(NodeId node) const;
  bool is_used_by_rest(NodeId node) const;
  bool withheld_is_read(NodeId task) const;

  const Graph& graph_;
  const Facts& facts_;
  const std::string run_;
  std::vector<char> to_do_, needed_;          // by node
  std::vector<std::vector<NodeId>> uses_of_;  // by node: things and services that it uses itself
  std::vector<std::vector<NodeId>> users_of_;
};

}  // namespace cairn::plan
