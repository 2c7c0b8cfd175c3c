#include "runtime/kinds/leftovers.h"

#include <fmt/format.h>

#include <cstdlib>

#include "runtime/kinds/container/hooks.h"
#include "runtime/kinds/containers.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/images.h"
#include "runtime/platform/docker/networks.h"
#include "runtime/platform/docker/volumes.h"

namespace cairn::kinds {
namespace {

std::uint32_t number_in(const std::string& text) {
  return static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 10));
}

plan::Fact fact_of(const docker::Labels& labels, const std::string& where, const std::string& what,
                   const std::string& name, const std::string& id, plan::ObjectState state) {
  const docker::Identity identity = docker::identity_in(labels);
  plan::Ours ours;
  ours.id = id;
  ours.spec = identity.spec;
  ours.state = state;
  ours.run = identity.run;
  ours.node = identity.node;
  ours.attempt = number_in(identity.attempt);
  ours.keep = identity.keep;
  return {{where, what, name}, ours, {}};
}

plan::ObjectState state_of(const std::string& status) {
  if (status == "running" || status == "paused" || status == "restarting") return plan::ObjectState::running;
  return status == "created" ? plan::ObjectState::made : plan::ObjectState::ended;
}

Result<Done> list(EngineLook& look, const std::string& project, std::stop_token stop) {
  docker::Engine& engine = *look.engine;
  const std::string where = engine.endpoint().shown;
  const std::vector<std::string> labels = {fmt::format("{}project={}", docker::label_prefix, project)};
  const auto is_ours = [&](const docker::Labels& its, const std::string& name) {
    return docker::owner_of(its, name, project) == docker::Owner::ours;
  };
  const auto containers = docker::list_containers(engine, labels, stop);
  if (!containers) return containers.failure();
  for (const docker::ContainerSummary& one : *containers) {
    if (!is_ours(one.labels, one.name)) continue;
    look.ours.push_back(fact_of(one.labels, where, "service", docker::identity_in(one.labels).name, one.id,
                                state_of(one.status)));
    look.containers.push_back(std::make_shared<const docker::ContainerSummary>(one));
  }
  const auto networks = docker::list_networks(engine, labels, stop);
  if (!networks) return networks.failure();
  for (const docker::NetworkFacts& one : *networks)
    if (is_ours(one.labels, one.name))
      look.ours.push_back(fact_of(one.labels, where, "network", one.name, one.id, plan::ObjectState::made));
  const auto volumes = docker::list_volumes(engine, labels, stop);
  if (!volumes) return volumes.failure();
  for (const docker::VolumeFacts& one : *volumes)
    if (is_ours(one.labels, one.name))
      look.ours.push_back(fact_of(one.labels, where, "volume", one.name, one.name, plan::ObjectState::made));
  return Done{};
}

}  // namespace

EngineLook look_at(http::HttpClient& http, Clock& clock, const docker::Endpoint& endpoint,
                   const std::string& project, std::stop_token stop, reach::Tunnels* tunnels) {
  const char* version = std::getenv("DOCKER_API_VERSION");
  Result<docker::Endpoint> reached =
      tunnels == nullptr ? Result<docker::Endpoint>(endpoint) : tunnels->through(endpoint, stop);
  EngineLook look{std::make_unique<docker::Engine>(http, clock, reached ? *reached : endpoint,
                                                   version == nullptr ? std::string() : std::string(version)),
                  {},
                  {},
                  {}};
  if (!reached) {
    look.unreachable = std::move(reached.failure());
    return look;
  }
  if (Result<Done> listed = list(look, project, stop); !listed) {
    look.ours.clear();
    look.unreachable = listed.failure();
  }
  return look;
}

void look_for_agent_images(EngineLook& look, const std::string& project, std::stop_token stop) {
  if (look.unreachable) return;
  const auto images =
      docker::list_images(*look.engine, {fmt::format("{}project={}", docker::label_prefix, project)}, stop);
  if (!images) {
    look.unreachable = images.failure();
    return;
  }
  for (const docker::ImageSummary& one : *images)
    for (const std::string& tag : one.tags) {
      const std::string name = tag.substr(0, tag.rfind(':'));
      if (docker::owner_of(one.labels, name, project) == docker::Owner::ours)
        look.ours.push_back(fact_of(one.labels, look.engine->endpoint().shown, "agent image", name, tag,
                                    plan::ObjectState::made));
    }
}

Result<Done> stop_object(EngineLook& look, const plan::Fact& fact, std::optional<Failure>& trouble,
                         std::stop_token stop) {
  const plan::Ours& ours = std::get<plan::Ours>(fact.found);
  if (fact.identity.what != "service" || ours.state != plan::ObjectState::running) return Done{};
  for (const auto& container : look.containers)
    if (container->id == ours.id)
      if (Result<Done> drained = run_pre_stop_of(*look.engine, ours.id, container->labels, stop); !drained)
        trouble = drained.failure();
  return docker::stop_as_made(*look.engine, ours.id, stop);
}

Result<Done> remove_object(docker::Engine& engine, const plan::Fact& fact, const std::string& project,
                           std::stop_token stop) {
  const plan::Ours& ours = std::get<plan::Ours>(fact.found);
  if (fact.identity.what == "service") {
    // Ids of containers and networks are never given twice: what was ours is ours, or gone.
    return docker::remove_container(engine, ours.id, stop);
  }
  if (fact.identity.what == "agent image") return docker::remove_image(engine, ours.id, true, stop);
  if (fact.identity.what == "network") return docker::remove_network(engine, ours.id, stop);
  // A volume is known by its name only: look again whose it is.
  const auto now = docker::inspect_volume(engine, ours.id, stop);
  if (!now) return now.failure();
  if (!*now) return Done{};
  if (docker::owner_of((*now)->labels, (*now)->name, project) != docker::Owner::ours)
    return Failure{
        .message = fmt::format("the volume `{}` is not ours any more", ours.id),
        .causes = {fmt::format("it belongs to {}", docker::owner_in_words((*now)->labels, (*now)->name))},
        .help = {}};
  return docker::remove_volume(engine, ours.id, stop);
}

execute::StepResult remove_left(World& world, const execute::StepRequest& request,
                                execute::StepContext& context) {
  const bool left = request.fact != nullptr && std::holds_alternative<plan::Ours>(request.fact->found);
  if (!left || !in_container(world.graph, request.node)) return execute::StepEnd{};
  const Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  if (Result<Done> gone = remove_object(**engine, *request.fact, world.place.project, context.stop()); !gone)
    return gone.failure();
  return execute::StepEnd{};
}

std::string noun_of(const plan::Identity& identity) {
  return identity.what == "service" ? "container" : identity.what;
}

}  // namespace cairn::kinds
