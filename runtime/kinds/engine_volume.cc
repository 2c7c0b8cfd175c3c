#include <fmt/format.h>

#include "runtime/kinds/announced.h"
#include "runtime/kinds/arrays.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/settled.h"
#include "runtime/platform/docker/networks.h"
#include "runtime/platform/docker/volumes.h"

namespace cairn::kinds {
namespace {

// When making has failed, nobody has to look whether something was made all the same: not an export of the
// language, for the step that unmakes.
constexpr const char* kNeverMade = "never made";

void note_if_never_made(const execute::StepRequest& request, const Failure& why,
                        execute::StepContext& context) {
  if (why.nothing_done && request.attempt == 1) context.publish(kNeverMade, Value{true});
}

bool was_never_made(const execute::StepRequest& request, execute::StepContext& context) {
  return !context.exported(request.node, kNeverMade).null();
}

struct VolumeSettings {
  std::string driver;
  Named<Text> driver_opts;
  std::optional<Size> size;
  bool keep = false, external = false;
  std::optional<std::string> name;
  std::optional<Path> path;
  Named<Text> labels;
};

const std::vector<Field<VolumeSettings>>& volume_fields() {
  using V = VolumeSettings;
  static const std::vector<Field<V>> all = {
      field<&V::driver>("driver"),     field<&V::driver_opts>("driver_opts"),
      field<&V::size>("size"),         field<&V::keep>("keep"),
      field<&V::external>("external"), field<&V::name>("name"),
      field<&V::path>("path"),         field<&V::labels>("labels")};
  return all;
}

struct NetworkSettings {
  std::string driver;
  bool internal = false, external = false, attachable = false, keep = false;
  std::optional<std::string> subnet, name;
  Named<Text> driver_opts, labels;
};

const std::vector<Field<NetworkSettings>>& network_fields() {
  using N = NetworkSettings;
  static const std::vector<Field<N>> all = {
      field<&N::driver>("driver"),           field<&N::internal>("internal"), field<&N::external>("external"),
      field<&N::attachable>("attachable"),   field<&N::keep>("keep"),         field<&N::subnet>("subnet"),
      field<&N::driver_opts>("driver_opts"), field<&N::name>("name"),         field<&N::labels>("labels")};
  return all;
}

execute::StepEnd kept(std::string reason) {
  return {.is = execute::StepEnd::Is::kept, .reason = std::move(reason)};
}

// The driver has destroyed it; where an array of the file has it, it is not left there for a day.
execute::StepResult eradicated(World& world, const execute::StepRequest& request, const std::string& name,
                               execute::StepContext& context) {
  const NodeId block = array_with(request.graph, request.node);
  // Not one that was never made: somebody's destroyed volume of that name can still be recovered.
  if (block == no_node || context.exported(request.node, "name").null()) return execute::StepEnd{};
  Result<UsedArray*> array = world.arrays->use(block, context);
  if (!array) return left_destroyed(name, array.failure().message, context);
  const std::string there = (*array)->volume_of(name);
  const Result<std::optional<array::Volume>> left = (*array)->client->find(there, {});
  if (!left) return left_destroyed(there, left.failure().message, context);
  if (!*left || !(*left)->destroyed) return execute::StepEnd{};
  const Result<array::Eradication> gone = (*array)->client->eradicate(there, {});
  if (!gone) return gone.failure();
  if (*gone == array::Eradication::done) return execute::StepEnd{};
  return left_destroyed(there, kept_by_safe_mode(*(*array)->client), context);
}

}  // namespace

execute::StepResult perform_engine_volume(World& world, const execute::StepRequest& request,
                                          execute::StepContext& context) {
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  const VolumeSettings settings = bind(volume_fields(), all->settings);
  const std::string& path = request.graph.node(request.node).path;
  if (settings.path) {  // a folder of this machine, for containers of an engine that is this machine's
    const std::string folder = settings.path->text.starts_with('/')
                                   ? settings.path->text
                                   : settings.path->folder + "/" + settings.path->text;
    context.publish("name", Value{folder});
    context.publish("path", Value{Path{folder, {}}});
    return request.phase == Phase::make ? execute::StepEnd{} : kept("the folder is the file's own");
  }
  Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  const std::string name = volume_name(request.graph, world.place, request.node);
  if (request.phase == Phase::make) {
    if (settings.external) {
      const auto there = docker::inspect_volume(**engine, name, context.stop());
      if (!there) return there.failure();
      if (!*there)
        return Failure{.message = fmt::format("there is no volume `{}`", name),
                       .causes = {fmt::format("`{}` is `external`: it has to exist", path)},
                       .help = fmt::format("`docker volume create {}{}` makes it",
                                           settings.driver.empty() || settings.driver == "local"
                                               ? std::string()
                                               : fmt::format("--driver {} ", settings.driver),
                                           name)};
      context.publish("name", Value{name});
      return kept("it is somebody else's");
    }
    if (request.verdict == plan::Verdict::keep) {
      context.publish("name", Value{name});
      return kept("it is there and as the file says");
    }
    if (request.verdict == plan::Verdict::replace)
      return Failure{.message = fmt::format("the volume `{}` is there with other settings", name),
                     .causes = {"made anew, it would lose its data"},
                     .help = "`cairn down --volumes` removes it"};
    docker::VolumeSpec spec;
    spec.identity = world.containers->identity(request.node, name, request.attempt);
    spec.driver = settings.driver;
    for (const auto& [key, value] : settings.driver_opts) spec.driver_opts[key] = value.exposed();
    if (settings.size && settings.driver != "local")
      spec.driver_opts.emplace("size", std::to_string(settings.size->bytes));
    for (const auto& [key, value] : settings.labels) spec.labels[key] = value.exposed();
    const Result<docker::CreatedVolume> made = announced(
        context, making(EffectClass::found, "create volume", (*engine)->endpoint().shown, "volume", name),
        [&] { return docker::create_volume(**engine, spec, context.stop()); },
        [&](const docker::CreatedVolume&) { return name; });
    if (!made) {
      note_if_never_made(request, made.failure(), context);
      return made.failure();
    }
    context.publish("name", Value{name});
    return made->existed ? kept("it is there from an earlier run") : execute::StepEnd{};
  }
  if (settings.external) return kept("it is somebody else's");
  if (settings.keep || world.place.up) return kept("it outlives the run");
  if (was_never_made(request, context)) return kept("it was never made");
  // Making it may have failed because it is somebody else's.
  const auto there = docker::inspect_volume(**engine, name, {});
  if (!there) return there.failure();
  if (!*there) return execute::StepEnd{};
  if (docker::owner_of((*there)->labels, (*there)->name, world.place.project) != docker::Owner::ours)
    return kept("it is somebody else's");
  if (Result<> gone = docker::remove_volume(**engine, name, {}); !gone) return gone.failure();
  return eradicated(world, request, name, context);
}

execute::StepResult perform_network(World& world, const execute::StepRequest& request,
                                    execute::StepContext& context) {
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  const NetworkSettings settings = bind(network_fields(), all->settings);
  Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  const std::string name = settings.name.value_or(world.containers->object_name(request.node));
  if (request.phase == Phase::make) {
    if (settings.external) {
      const auto there = docker::inspect_network(**engine, name, context.stop());
      if (!there) return there.failure();
      if (!*there)
        return Failure{.message = fmt::format("there is no network `{}`", name),
                       .causes = {"it is `external`: it has to exist"},
                       .help = fmt::format("`docker network create {}` makes it", name)};
      context.publish("id", Value{(*there)->id});
      context.publish("name", Value{name});
      return kept("it is somebody else's");
    }
    if (const plan::Ours* there =
            request.fact == nullptr ? nullptr : std::get_if<plan::Ours>(&request.fact->found);
        request.verdict == plan::Verdict::keep && there != nullptr) {
      context.publish("id", Value{there->id});
      context.publish("name", Value{name});
      return kept("it is there and as the file says");
    }
    if (request.verdict == plan::Verdict::replace)
      return Failure{.message = fmt::format("the network `{}` is there with other settings", name),
                     .causes = {"containers are on it"},
                     .help = "`cairn down` removes it"};
    docker::NetworkSpec spec;
    spec.identity = world.containers->identity(request.node, name, request.attempt);
    spec.driver = settings.driver;
    spec.internal = settings.internal;
    spec.attachable = settings.attachable;
    if (settings.subnet) spec.subnet = *settings.subnet;
    for (const auto& [key, value] : settings.driver_opts) spec.driver_opts[key] = value.exposed();
    for (const auto& [key, value] : settings.labels) spec.labels[key] = value.exposed();
    const Result<std::string> id = announced(
        context, making(EffectClass::found, "create network", (*engine)->endpoint().shown, "network", name),
        [&] { return docker::create_network(**engine, spec, context.stop()); },
        [](const std::string& its) { return its; });
    if (!id) {
      note_if_never_made(request, id.failure(), context);
      return id.failure();
    }
    context.publish("id", Value{*id});
    context.publish("name", Value{name});
    return execute::StepEnd{};
  }
  if (settings.external || settings.keep) return kept("it outlives the run");
  const Value id = context.exported(request.node, "id");
  if (was_never_made(request, context)) return kept("it was never made");
  if (id.as<std::string>() != nullptr) {
    if (Result<> gone = world.containers->remove_network(**engine, *id.as<std::string>(), {}); !gone)
      return gone.failure();
    return execute::StepEnd{};
  }
  // Making it has failed, perhaps halfway.
  const docker::Identity made = world.containers->identity(request.node, name, request.attempt);
  const auto networks = docker::list_networks(**engine, {"dev.cairn.project=" + world.place.project}, {});
  if (!networks) return networks.failure();
  for (const docker::NetworkFacts& one : *networks) {
    const bool ours = docker::owner_of(one.labels, one.name, world.place.project) == docker::Owner::ours;
    if (!ours || one.name != name || docker::identity_in(one.labels).run != made.run) continue;
    if (Result<> gone = world.containers->remove_network(**engine, one.id, {}); !gone) return gone.failure();
  }
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
