// What the kinds of one run work with: the program, where the run lives, and the hands it has. Constructed
// once by the command line, handed to every kind by reference; owns nothing but the shelves that fill during
// the run.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "grammar/source.h"
#include "interpreter/compile.h"
#include "runtime/effects/clock.h"
#include "runtime/execute/threads.h"
#include "runtime/http/client.h"
#include "runtime/keeper/spawner.h"
#include "runtime/kinds/addresses.h"
#include "runtime/kinds/secrets.h"
#include "runtime/kinds/workload.h"
#include "runtime/reach/connector.h"
#include "runtime/reach/wake_up.h"
#include "runtime/report/run_report.h"
#include "runtime/scribe/masker.h"
#include "runtime/scribe/scribe.h"

namespace cairn::reach {
class Tunnels;  // tunnel.h
}
namespace cairn::docker {
struct ContainerSummary;  // runtime/platform/docker/containers.h
}

namespace cairn::kinds {

class Containers;     // containers.h: the engines of the run; null when no block needs one
class Arrays;         // arrays.h
class Pools;          // pools.h
class StorageAgents;  // storage_agents.h

struct RunPlace {
  std::string project;         // its name, with the hash that tells two checkouts apart
  std::string project_folder;  // absolute: where the .stack file is
  std::string run;             // the run's id
  std::string folder;          // absolute: .cairn/runs/ID
  bool up = false;             // `up`: what it makes stays
  bool keep = false;           // a run that removes nothing: `down` does
  bool resumed =
      false;  // earlier processes of this run may have left things; what no step knows of goes at the end
};

// Things that steps leave for others, thread-safe.
template <class Key, class Thing>
class Shelf {
 public:
  void put(const Key& key, Thing thing) {
    std::lock_guard lock(mutex_);
    things_[key] = std::move(thing);
  }
  Thing find(const Key& key) const {  // an empty one when there is none
    std::lock_guard lock(mutex_);
    const auto found = things_.find(key);
    return found == things_.end() ? Thing() : found->second;
  }
  Thing take(const Key& key) {
    std::lock_guard lock(mutex_);
    const auto found = things_.find(key);
    if (found == things_.end()) return Thing();
    Thing thing = std::move(found->second);
    things_.erase(found);
    return thing;
  }
  // The one that is there, or a new one.
  template <class Make>
  Thing find_or(const Key& key, Make make) {
    std::lock_guard lock(mutex_);
    const auto found = things_.find(key);
    return found != things_.end() ? found->second : things_.emplace(key, make()).first->second;
  }
  std::vector<Thing> all() const {
    std::lock_guard lock(mutex_);
    std::vector<Thing> every;
    for (const auto& [key, thing] : things_) every.push_back(thing);
    return every;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Key, Thing> things_;
};

// Containers that were listed when the run began, by id.
using SeenContainers = Shelf<std::string, std::shared_ptr<const docker::ContainerSummary>>;

struct World {
  const Compiled& compiled;
  const Graph& graph;
  const Sources& sources;
  Inputs& inputs;
  RunPlace place;
  Clock& clock;
  execute::Threads& threads;
  http::HttpClient& http;
  reach::Connector& connector;
  keeper::Spawner& spawner;
  scribe::Masker& masker;
  scribe::Scribe& scribe;
  Secrets& secrets;
  Addresses& addresses;
  Containers* containers = nullptr;
  reach::Tunnels* tunnels = nullptr;  // to engines over ssh; null: there is no way to them
  std::vector<bool> on_engine;        // by node: stored_on_engine()

  Shelf<NodeId, std::shared_ptr<Workload>> workloads;  // what runs, or ran and is still there
  Shelf<std::string, report::StepTests> tests;         // by the report's path
  Shelf<std::pair<NodeId, std::string>, std::string>
      artifacts;  // by node and the name it has there: path on this machine

  Shelf<NodeId, std::shared_ptr<reach::WakeUp>> wake_ups;
  Shelf<NodeId, std::shared_ptr<execute::DeathWatch>> watches = {};  // of services that were started
  SeenContainers seen_containers = {};
  Arrays* arrays = nullptr;
  Pools* pools = nullptr;
  StorageAgents* storage_agents = nullptr;

  // Through which a service's death, or an event about it, reaches those who wait for it. Made when first
  // asked for.
  std::shared_ptr<reach::WakeUp> wake_up_of(NodeId service);
  // As in file_source.h, of a node.
  Value file_source(NodeId node, const Value& value) const;
  std::string folder_of(NodeId node) const;
  // A folder of the node's own within the run's; made when it is not there.
  std::string scratch(NodeId node, const std::string& purpose) const;
  // The beginning of the names of its own files: the same path in a folder that is there.
  std::string scratch_file(NodeId node, const std::string& purpose) const;
};

}  // namespace cairn::kinds
