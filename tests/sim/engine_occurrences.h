// What an engine in memory has to do when its time has come, for the baton.
#pragma once

#include "tests/sim/baton.h"
#include "tests/sim/engine/engine.h"

namespace cairn::sim {

class EngineOccurrences final : public Occurrences {
 public:
  explicit EngineOccurrences(SimEngine& engine) : engine_(engine) {}
  Instant next_due() override { return engine_.next_due(); }
  void advance(Instant now) override { engine_.advance(now); }

 private:
  SimEngine& engine_;
};

}  // namespace cairn::sim
