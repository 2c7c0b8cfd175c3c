// A run's turns as events for people: which step is planned, waits, began, ended and why.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "interpreter/graph.h"
#include "runtime/execute/exports.h"
#include "runtime/execute/performer.h"
#include "runtime/plan/run.h"
#include "runtime/progress/emitter.h"
#include "runtime/scribe/masker.h"
#include "runtime/scribe/scribe.h"

namespace cairn::execute {

using PlaceOf = std::function<progress::FilePlace(Span)>;

// No text of it holds a secret any more.
progress::Happening masked(const scribe::Masker& masker, progress::Happening happening);
progress::Outcome shown(const plan::Outcome& outcome);

class Telling {
 public:
  Telling(const Graph& graph, const plan::Run& run, progress::Emitter& emitter, const scribe::Masker& masker,
          const scribe::Scribe& scribe, const Exports& exports, PlaceOf place_of);

  // Every step that the plan wants, before anything starts.
  void planned(const plan::Plan& plan, const std::function<double(StepId)>& expected);
  void started(const plan::StartAttempt& start);
  void retried(const plan::AttemptRetried& retried);
  void held_up(const plan::StepHeldUp& held_up);
  void settled(StepId step);
  void lost(const plan::ServiceLost& lost, const Death& death);

  // Of the run so far: outcomes without virtual steps, and what was left behind. Exit code and times are the
  // loop's.
  progress::RunFinished sum() const;

 private:
  void say(StepId step, progress::Happening happening);
  std::vector<std::string> last_lines(StepId step) const;

  const Graph& graph_;
  const plan::Run& run_;
  progress::Emitter& emitter_;
  const scribe::Masker& masker_;
  const scribe::Scribe& scribe_;
  const Exports& exports_;
  const PlaceOf place_of_;
  std::vector<char> is_told_;  // by step: it was planned
};

}  // namespace cairn::execute
