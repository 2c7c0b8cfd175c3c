// What of an `up` is there already, so that a second one changes only what the file has changed.
#pragma once

#include <string>

#include "grammar/source.h"
#include "interpreter/inputs.h"
#include "runtime/effects/clock.h"
#include "runtime/http/client.h"
#include "runtime/kinds/world.h"
#include "runtime/plan/facts.h"

namespace cairn::kinds {

// What the known part of the file asks for in a service, network or volume: a hash of each setting, as
// "command=0123456789ab env=…", so that the plan can name what has changed. Settings that only say when and
// how long are left out, a late value counts as its expression, a secret as no more than that there is one,
// and a file of this machine (`files`, `env_file`) with its content.
std::string spec_hash(const Graph& graph, const Sources& sources, const std::string& project_folder,
                      NodeId node);

// The same of all settings, also of those that only say when and how long.
std::string settings_hash(const Graph& graph, const Sources& sources, const std::string& project_folder,
                          NodeId node);

struct Observation {
  const Graph& graph;
  const Sources& sources;
  Inputs& inputs;
  const RunPlace& place;   // of an `up`, or of a run that is resumed
  http::HttpClient& http;  // a ReadOnlyClient does
  Clock& clock;
  reach::Tunnels* tunnels = nullptr;  // to engines over ssh
  bool resumed = false;               // the place is that of a run that goes on
  SeenContainers* seen = nullptr;     // where the project's containers are to be put, if anywhere
};
// For `up`, and for a run that is resumed, by node: services in containers, networks and volumes of engines,
// folders of this machine; of the run also its steps' containers and clones. For `up` and a new run: images
// that were made before, volumes that outlive runs, and the steps that are remembered. What an engine has
// that cannot be reached is Unreachable, and the plan refuses where it matters.
plan::Facts observe(const Observation& observation, std::stop_token stop);

}  // namespace cairn::kinds
