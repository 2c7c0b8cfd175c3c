// Limits that steps share: who may start now. All permits of a step are taken at once and given back
// together, so that nobody waits holding one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/graph.h"

namespace cairn::plan {

// The names of the lanes that a step takes one permit of, each once. Which there are:
//   engine[:NAME]  calls that change an engine      build, pull   images       array:NAME  calls to an array
//   db:NAME        statements on a database         host[:NAME]   processes of `run` on a host
//   pool:PATH      the pools of the file            jobs          attempts of `run` (--jobs)
// Phases that mostly wait (ready, stop, collect, a container's run) take none but pool and jobs.
std::vector<std::string> lanes_of(const Graph& graph, StepId step);

// Sizes by name, or by the part before the colon; a lane that is not named has no limit. The pools' sizes are
// read from the graph.
using LaneSizes = std::map<std::string, int>;
LaneSizes usual_lane_sizes(int cores, std::optional<int> jobs);

// Steps that could start, the most urgent first as long as their lanes have room. A step that others have
// passed 64 times because it needs several lanes at once has its lanes kept free for it.
class ReadySteps {
 public:
  static constexpr int most_passes = 64;
  // True if the first is to start before the second.
  using Before = std::function<bool(StepId, StepId)>;
  using LanesOf = std::function<std::vector<std::string>(const Graph&, StepId)>;

  ReadySteps(const Graph& graph, LanesOf lanes_of_step, const LaneSizes& sizes, int hands, Before before);

  void add(StepId step);
  void drop(StepId step);        // it is no longer to start
  std::optional<StepId> take();  // the next one, with its permits and a hand; nothing when none can start
  void give_back(StepId step);   // the permits and the hand of one that was taken
  void resize(const std::string& lane, int size);

  struct Full {
    std::string lane;
    int used = 0, size = 0;
  };
  std::optional<Full> full_lane_of(StepId step) const;  // what keeps it from starting
  int taken() const { return hands_used_; }
  std::size_t waiting() const { return waiting_; }
  // How many permits of a lane are taken; 0 for one that no step takes.
  int used(const std::string& lane) const;

 private:
  struct Lane {
    std::string name;
    int size = 0;  // negative: no limit
    int used = 0;
  };
  struct Queue {
    std::vector<std::size_t> lanes;
    std::vector<StepId> heap;
    int passed = 0;
  };
  bool has_room(const Queue& queue, std::size_t number) const;
  void tidy(Queue& queue);
  void pass_over(std::size_t chosen);

  Before before_;
  std::vector<Lane> lanes_;
  std::vector<Queue> queues_;                // one for each set of lanes
  std::vector<std::uint32_t> queue_of_;      // by step
  std::vector<char> queued_;                 // by step
  std::optional<std::size_t> reserved_for_;  // a queue
  int hands_ = 0;
  int hands_used_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace cairn::plan
