// The agent of a run on an engine whose networks are not on this machine: one small container that makes the
// connections which cairn cannot make from here. It is labelled as all that is ours, and it ends by itself
// when cairn does.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "runtime/reach/agent_container.h"
#include "runtime/reach/relay.h"

namespace cairn::reach {

struct AgentPlace {
  docker::Identity identity;  // its name is the container's and the image's: lower case
  std::string folder;         // for local sockets; absolute, exists, nobody else's
};

// Thread-safe.
class Agent {
 public:
  // Makes the image of cairn's own copy of the program, the container on `network` (its id), and returns when
  // it answers. On a failure nothing is left. `engine` must outlive the agent.
  static Result<std::shared_ptr<Agent>> start(docker::Engine& engine, AgentPlace place,
                                              const std::string& network, const Attempt& attempt);
  std::shared_ptr<Relay> relay() { return relay_; }
  // On this network, too; at once if it is there already.
  Result<Done> join(const std::string& network, std::stop_token stop);
  // Off it, so that it can be removed.
  Result<Done> leave(const std::string& network, std::stop_token stop);
  // Container and image; returns when they are gone. Nothing can be reached by it any more.
  Result<Done> remove(std::stop_token stop);

 private:
  Agent(docker::Engine& engine, AgentPlace place)
      : engine_(engine), folder_(std::move(place.folder)), container_(engine, std::move(place.identity)) {}
  Result<Done> come_up(const std::string& network, const Attempt& attempt);

  docker::Engine& engine_;
  const std::string folder_;
  AgentContainer container_;
  std::shared_ptr<Relay> relay_;
  std::mutex mutex_;  // guards what is below

  std::set<std::string> networks_;
};

}  // namespace cairn::reach
