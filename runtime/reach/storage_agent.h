// The storage agent of a run on an engine whose volumes this machine cannot look into: one small container
// that clones them there. It sees the engine's own volumes and the pools of its machine, has no network, and
// of the rights of root those alone that files need. It ends by itself when cairn does.
#pragma once

#include <memory>
#include <string>

#include "runtime/clone/told_storage.h"
#include "runtime/effects/clock.h"
#include "runtime/effects/turn.h"
#include "runtime/platform/docker/frames.h"
#include "runtime/reach/agent_container.h"

namespace cairn::reach {

struct StoragePlaces {
  std::string volumes;  // where the engine keeps its volumes, on its machine
  std::string pools;    // the folder of pools there; that it is not there is fine
};

// Thread-safe. It does one thing at a time: all of them would wait for the same disk.
class StorageAgent final : public clone::ToldStorage {
 public:
  // Returns when it answers; on a failure nothing is left. `engine` and `clock` must outlive it.
  static Result<std::shared_ptr<StorageAgent>> start(docker::Engine& engine, Clock& clock,
                                                     docker::Identity identity, StoragePlaces places,
                                                     std::stop_token stop);
  // Its folder of volumes: what lies elsewhere it does not see.
  const StoragePlaces& places() const { return places_; }
  bool broken() const;
  Result<Done> remove(std::stop_token stop);

 private:
  StorageAgent(docker::Engine& engine, Clock& clock, docker::Identity identity, StoragePlaces places)
      : clock_(clock), places_(std::move(places)), container_(engine, std::move(identity)) {}
  Result<Done> come_up(std::stop_token stop);
  Result<clone::Message> ask(const clone::Message& question, std::stop_token stop) override;
  // The following are for the one whose turn it is.
  Result<Done> send(const std::string& bytes);
  Result<clone::Message> next_message(std::stop_token stop, std::optional<Instant> deadline);
  Result<Done> wait_for(short events, std::stop_token stop, std::optional<Instant> deadline);
  Failure gone(const std::string& why);

  Clock& clock_;
  const StoragePlaces places_;
  AgentContainer container_;
  Turn turn_;
  std::unique_ptr<http::Duplex> connection_;  // none: it has ended
  docker::FrameSplitter frames_{false};
  std::string heard_, complaints_;
  mutable std::mutex mutex_;
  bool broken_ = false;
};

}  // namespace cairn::reach
