// Where a run stands after so many events: the one fold that the live view, the reports and the analyses
// share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/progress/event.h"

namespace cairn::progress {

struct StepState {
  enum class Is { planned, waiting, running, finished };
  std::string path;
  std::string node;
  StepPlanned plan;
  Is is = Is::planned;
  std::vector<WaitsFor> waits_for;               // while waiting
  std::optional<std::int64_t> waiting_since_ms;  // the first time it said so
  std::vector<WaitsFor> last_waited_for;         // what it waited for before it started
  std::optional<std::int64_t> started_ms;        // of the first attempt
  std::optional<std::int64_t> ended_ms;
  int attempt = 0;
  StepProgress progress;
  std::string last_line;
  std::uint64_t lines = 0;
  std::optional<StepFinished> end;

  double seconds() const {  // 0 unless it started and ended
    return started_ms && ended_ms ? static_cast<double>(*ended_ms - *started_ms) / 1000 : 0;
  }
};

struct ServiceState {
  std::optional<std::int64_t> ready_ms;
  std::optional<std::int64_t> died_ms;
  ServiceReady ready;
  ServiceDied died;
};

// What belongs to no step's course.
template <class T>
struct Told {
  std::int64_t time_ms = 0;
  std::string step;
  T what;
};

struct RunState {
  std::string run;
  RunStarted start;
  std::int64_t wall_ms = 0;      // when it began
  std::int64_t time_ms = 0;      // of the last event
  std::vector<StepState> steps;  // in plan order; one that was never planned comes at the end
  std::unordered_map<std::string, std::size_t> by_path;
  std::map<std::string, ServiceState> services;  // by node
  std::vector<Told<Artifact>> artifacts;
  std::vector<Told<Report>> reports;
  std::vector<Told<Message>> messages;
  std::optional<RunFinished> end;

  const StepState* step(const std::string& path) const;  // null if there is none
  void apply(const Event& event);
};

RunState state_after(const std::vector<Event>& events);

struct Counts {
  std::uint64_t to_come = 0, waiting = 0, running = 0, done = 0, trouble = 0;
  std::array<std::uint64_t, outcome_count> outcomes{};
};
Counts counts_of(const RunState& run);  // without virtual steps

}  // namespace cairn::progress
