// What of a project is on its engines: found by labels, held to the owner test, removed in the order of use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/execute/performer.h"
#include "runtime/kinds/world.h"
#include "runtime/plan/facts.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/reach/tunnel.h"

namespace cairn::kinds {

// One engine, and what of ours is there. Identity::what is "service", "network", "volume" or "agent image";
// Identity::where is the engine as people know it.
struct EngineLook {
  std::unique_ptr<docker::Engine> engine;
  std::vector<plan::Fact> ours;
  std::vector<std::shared_ptr<const docker::ContainerSummary>> containers;  // of ours
  std::optional<Failure> unreachable;                                       // then nothing is known about it
};

// Only reads, so that a ReadOnlyClient does. What carries our labels under another name than they say is
// somebody else's: it came from an image of ours. `tunnels`: to engines over ssh; none: they are unreachable.
EngineLook look_at(http::HttpClient& http, Clock& clock, const docker::Endpoint& endpoint,
                   const std::string& project, std::stop_token stop, reach::Tunnels* tunnels);

// Adds the images of agents, which nobody but `clean` has to know about. Other images are the cache of the
// next run.
void look_for_agent_images(EngineLook& look, const std::string& project, std::stop_token stop);

// Ends a container that runs as it was made to be ended: its `pre_stop`, its stop signal, its grace, SIGKILL.
// Of what does not run, a success. A `pre_stop` that fails stops nothing from being stopped: `trouble`.
Result<Done> stop_object(EngineLook& look, const plan::Fact& fact, std::optional<Failure>& trouble,
                         std::stop_token stop);

// Removes what a Fact of `ours` says, if it is still ours; one that is gone is fine.
Result<Done> remove_object(docker::Engine& engine, const plan::Fact& fact, const std::string& project,
                           std::stop_token stop);

// The container of a node that an earlier incarnation of the run has left, by what was observed of it; a
// success when there is none.
execute::StepResult remove_left(World& world, const execute::StepRequest& request,
                                execute::StepContext& context);

// "container", "network", "volume": as people call it.
std::string noun_of(const plan::Identity& identity);

}  // namespace cairn::kinds
