// The engine side of a run: one connection for each engine, the networks of scopes, names and identities.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/effects/turn.h"
#include "runtime/kinds/process_settings.h"
#include "runtime/kinds/world.h"
#include "runtime/platform/docker/endpoint.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/images.h"
#include "runtime/platform/docker/spec.h"
#include "runtime/reach/agent.h"
#include "runtime/reach/local_networks.h"

namespace cairn::kinds {

// The engine that a node's container, volume, network or image is on: its own, its stage's, or the one that
// the docker client would use. Reads the environment and the docker client's settings, asks no engine.
Result<docker::Endpoint> endpoint_of(const Graph& graph, NodeId node);
// "cairn-shop-1a2b3c-x1y2z3-test.db": what an object of the node is called on its engine; without the run
// under `up`.
std::string object_name(const Graph& graph, const RunPlace& place, NodeId node,
                        const std::string& suffix = {});
// The same for the network of a scope.
std::string scope_network_name(const RunPlace& place, const std::string& scope);

// Thread-safe.
class Containers {
 public:
  explicit Containers(World& world)
      : world_(world), local_networks_([&world] { return world.connector.our_addresses(); }) {}

  // One for each endpoint_of(); recorded in the run's folder before anything is changed there.
  // One over ssh is connected to first: `stop` ends that wait.
  Result<docker::Engine*> engine_of(NodeId node, std::stop_token stop = {});

  std::string object_name(NodeId node, const std::string& suffix = {}) const;
  docker::Identity identity(NodeId node, const std::string& name, int attempt) const;

  // The network of a scope on an engine: made by the first that joins, removed when the last has left. Who
  // could not join and is not told that nothing was done has to leave, too: it may have been made.
  Result<std::string> join_scope(docker::Engine& engine, const std::string& scope,
                                 execute::StepContext& context);
  Result<Done> leave_scope(docker::Engine& engine, const std::string& scope, std::stop_token stop);

  // The agent that is on a network (its id) of an engine whose networks are not on this machine: made when
  // first asked for, one for each engine; again, when the last one has ended.
  Result<std::shared_ptr<reach::Relay>> agent_on(docker::Engine& engine, const std::string& network,
                                                 const reach::Attempt& attempt);
  // Removes a network, from which the agent goes first.
  Result<Done> remove_network(docker::Engine& engine, const std::string& id, std::stop_token stop);
  // The end of the run: what could not be removed is told.
  std::vector<Failure> remove_agents();

  // Makes sure that the engine has the image: `id` of an image block, or a reference that is pulled if need
  // be, for `platform` if that is not empty, with the credentials of the file or of the docker client.
  Result<std::string> image_for(docker::Engine& engine, NodeId reader, const Value& image,
                                const std::string& pull_policy, execute::StepContext& context,
                                const std::string& platform = {});

  // What the engine says about an image, asked once a run, until the run itself gives the reference to
  // another one. Not remembered when there is none.
  Result<std::optional<docker::ImageFacts>> facts_of_image(docker::Engine& engine, const std::string& image,
                                                           std::stop_token stop);

  void reference_has_moved(docker::Engine& engine, const std::string& image);

  reach::LocalNetworks& local_networks() { return local_networks_; }
  World& world() { return world_; }

 private:
  Result<Done> remove_scope_network(docker::Engine& engine, const std::string& scope, std::stop_token stop);

  struct ScopeNetwork {
    std::string id;
    int users = 0;
  };
  struct AgentSlot {
    std::shared_ptr<reach::Agent> agent;
    std::optional<Failure> failed;  // the last try; not repeated before …
    Instant try_again;
  };
  World& world_;
  reach::LocalNetworks local_networks_;
  std::mutex agents_mutex_;  // held while one is made: the others wait for it
  std::map<docker::Engine*, AgentSlot> agents_;
  std::mutex engines_mutex_;
  std::map<std::string, std::unique_ptr<docker::Engine>> engines_;
  Turn networks_turn_;  // of one who makes or removes: the others wait for what comes of it
  std::map<std::pair<const docker::Engine*, std::string>, ScopeNetwork> networks_;
  Turn images_turn_;  // of one who asks: the others wait for the answer
  std::map<std::pair<const docker::Engine*, std::string>, docker::ImageFacts> images_;
};

std::unique_ptr<Containers> make_containers(World& world);

// A container as a Workload.
Result<std::shared_ptr<Workload>> make_container_workload(Containers& containers, NodeId node, int attempt,
                                                          ProcessSettings settings,
                                                          const std::vector<Setting>& all,
                                                          execute::StepContext& context);

}  // namespace cairn::kinds
