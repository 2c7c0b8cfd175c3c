#include "runtime/kinds/kept_services.h"

#include "runtime/effects/locks.h"
#include "runtime/keeper/keeper_spawner.h"

namespace cairn::kinds {

Result<Done> end_earlier(const RunPlace& place, const std::string& step, int signal, Nanoseconds grace,
                         Clock& clock, std::stop_token stop) {
  for (const RunOnDisk& run : runs_of(place.project_folder + "/.cairn")) {
    if (!run.alive || run.id == place.run) continue;
    const Result<std::unique_ptr<keeper::KeeperSpawner>> keeper = keeper::KeeperSpawner::attach(run.path);
    if (!keeper) continue;  // of a run: it has no services that stay
    for (const keeper::Process& process : (*keeper)->running()) {
      if (process.step != step) continue;
      (void)(*keeper)->signal(process, signal);
      if ((*keeper)->wait(process, stop, clock.now() + grace)) continue;
      if (Result<Done> killed = (*keeper)->kill_tree(process); !killed) return killed.failure();
      if (const Result<keeper::Exit> ended =
              (*keeper)->wait(process, stop, clock.now() + std::chrono::seconds(10));
          !ended)
        return ended.failure();
    }
  }
  return Done{};
}

}  // namespace cairn::kinds
