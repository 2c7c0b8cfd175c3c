// One process of a run with all that lies between it and the world, until it ends or is killed.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "runtime/effects/locks.h"
#include "tests/sim/gated_disk.h"
#include "tests/sim/incarnation.h"

namespace cairn::sim {

// Threads that are counted: a process is dead when the last of them has ended.
class CountedThreads final : public execute::Threads {
 public:
  explicit CountedThreads(Baton& baton) : baton_(baton) {}
  bool start(std::function<void()> work) override {
    ++running_;
    const bool started = baton_.start([this, its_work = std::move(work)]() mutable {
      its_work();
      its_work = nullptr;
      --running_;
    });
    if (!started) --running_;
    return started;
  }
  // False: some have not ended within an hour.
  bool wait() {
    for (int minutes = 0; running_ > 0 && minutes < 60; ++minutes)
      baton_.sleep_for(std::chrono::minutes(1), {});
    return running_ == 0;
  }

 private:
  Baton& baton_;
  int running_ = 0;  // touched by whoever has the baton
};

struct LifeSetup {
  const Compilation& program;
  SimEngine& engine;
  Baton& baton;
  Chance& chance;
  MemoryDisk& disk;
  std::string folder, run;
  Forecast forecast;
  int kill_at = 0;
  bool up = false;
  std::string project_folder = {};
};

class Life {
 public:
  Life(const LifeSetup& setup, plan::RunGoal goal, plan::RunOptions options)
      : weather(setup.engine, setup.baton, setup.chance, gate, setup.forecast),
        disk(setup.disk, gate),
        threads(setup.baton),
        incarnation({setup.program, setup.baton, threads, weather, disk, setup.folder, setup.run, setup.up,
                     setup.project_folder},
                    std::move(goal), std::move(options)) {
    weather.run = setup.run;
    gate.kill_at = setup.kill_at;
    gate.on_kill = [this, &engine = setup.engine] {
      killed = true;
      folder.alive.release();  // the kernel's work
      for (int i = 0; i < 3; ++i) incarnation.cancel("killed");
      engine.cut_connections();
    };
  }
  // The process ends, whoever still runs in it. False: a thread of it does not end.
  bool end(SimEngine& engine) {
    gate.on_kill = nullptr;
    gate.close();
    engine.cut_connections();
    folder.alive.release();
    return threads.wait();
  }

  Gate gate;
  Weather weather;
  GatedDisk disk;
  CountedThreads threads;
  RunFolder folder;  // its right to change anything, where that is looked at
  bool killed = false;
  Incarnation incarnation;
};

}  // namespace cairn::sim
