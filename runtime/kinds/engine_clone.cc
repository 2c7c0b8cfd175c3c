// Clones and snapshots of an engine's volumes, by way of their folders: on this machine where it is the
// engine's and this process may read what belongs to others (root, most often), else through a storage agent
// on the engine's. Those that an array makes are in array_clone.cc.
#include <fmt/format.h>

#include <filesystem>

#include "runtime/clone/method.h"
#include "runtime/clone/tree.h"
#include "runtime/kinds/announced.h"
#include "runtime/kinds/array_clone.h"
#include "runtime/kinds/arrays.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/engine_storage.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/leftovers.h"
#include "runtime/kinds/made_copies.h"
#include "runtime/kinds/overwrite.h"
#include "runtime/kinds/pools.h"
#include "runtime/kinds/settled.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

constexpr const char* made_by = "dev.cairn.made-by";  // the id of the run, under `up`, too

struct Copying {
  World& world;
  const execute::StepRequest& request;
  execute::StepContext& context;
  docker::Engine& engine;
  CopySource source;
  std::string wanted;         // "auto" or a method's name
  Machine machine = nullptr;  // whose folder the source is
  std::shared_ptr<clone::Storage> storage = {};

  const Node& node() const { return request.graph.node(request.node); }
};

std::string name_of_clone(const World& world, const execute::StepRequest& request) {
  const std::string* name = request.graph.node(request.node).value("name").as<std::string>();
  return name != nullptr ? *name : world.containers->object_name(request.node);
}

Result<Done> check_wish(const Copying& all, const clone::Choice& choice) {
  if (all.wanted == "auto" || all.wanted == clone::name_of(choice.method)) return Done{};
  return Failure{.message = fmt::format("`{}` cannot be cloned by {}", all.node().path, all.wanted),
                 .causes = {choice.why},
                 .help = fmt::format("`method = \"auto\"` would take \"{}\"", clone::name_of(choice.method)),
                 .nothing_done = true};
}

void publish(const Copying& all, const std::string& volume, const std::string& folder,
             const clone::Cloned& cloned) {
  all.context.publish("name", Value{volume});
  all.context.publish("method", Value{std::string(clone::name_of(cloned.method))});
  if (const Result<clone::Usage> usage = all.storage->usage(folder, all.context.stop()); usage)
    all.context.publish("bytes_shared", Value{Size{static_cast<std::int64_t>(usage->shared)}});
  else
    all.context.publish("bytes_shared", Value{Size{0}});
}

docker::VolumeSpec volume_spec(const Copying& all, const std::string& name) {
  docker::VolumeSpec spec;
  spec.identity = all.world.containers->identity(all.request.node, name, all.request.attempt);
  spec.labels[made_by] = all.world.place.run;
  return spec;
}

// Tells a volume from another one that had its name. Not its time: to engines of API 1.41 that is when
// something was last made or removed in it.
std::string born(const docker::VolumeFacts& facts) {
  const auto by = facts.labels.find(made_by);
  return by == facts.labels.end() ? facts.created : by->second;
}

Result<docker::CreatedVolume> create(const Copying& all, const docker::VolumeSpec& spec) {
  const std::string& name = spec.identity.name;
  return announced(
      all.context, making(EffectClass::found, "create volume", all.engine.endpoint().shown, "volume", name),
      [&] { return docker::create_volume(all.engine, spec, all.context.stop()); },
      [&](const docker::CreatedVolume&) { return name; });
}

Failure on_two_machines(const Copying& all, const std::string& volume) {
  return Failure{
      .message = fmt::format("`{}` cannot be copied into the volume `{}`", all.source.folder, volume),
      .causes = {"the folder is on this machine, and the volume is not"},
      .help =
          "put it there by a container: a `run` on that engine with `files` that fills a volume, to be "
          "cloned then"};
}

std::string where_in_words(const Copying& all) {
  return all.machine == nullptr ? std::string()
                                : fmt::format(" (by the agent on {})", all.machine->endpoint().shown);
}

Result<clone::Choice> settled_method(const Copying& all, const std::string& target) {
  Result<clone::Choice> choice = all.storage->probe(all.source.folder, target, all.context.stop());
  if (!choice) return choice;
  // The volume's folder is there already: a subvolume cannot take its place.
  if (choice->method == clone::Method::snapshot) choice->method = clone::Method::reflink;
  if (all.wanted == "copy") *choice = {clone::Method::copy, "the file asks for a copy"};
  if (Result<Done> fine = check_wish(all, *choice); !fine) return fine.failure();
  all.context.note(fmt::format("{}: {}{}", clone::name_of(choice->method), choice->why, where_in_words(all)));
  return choice;
}

// A volume whose content is a folder of the pool.
Result<Done> clone_in_pool(const Copying& all, const clone::Pool& pool) {
  clone::Choice choice{clone::Method::copy, fmt::format("it is brought into the pool {}", pool.where)};
  const bool snapshot = all.node().kind == "snapshot";
  if (clone::lies_in(pool, all.source.folder)) {
    const Result<clone::Choice> probed =
        all.storage->probe(all.source.folder, pool.where, all.context.stop());
    if (!probed) return probed.failure();
    choice = *probed;
  } else if (!snapshot) {
    choice = {pool.type == "btrfs" ? clone::Method::snapshot : clone::Method::reflink,
              fmt::format("from a copy in the pool {}, made once for all clones of {}", pool.where,
                          all.source.folder)};
  }
  if (Result<Done> fine = check_wish(all, choice); !fine) return fine;
  all.context.note(fmt::format("{}: {}{}", clone::name_of(choice.method), choice.why, where_in_words(all)));
  const Result<clone::Cloned> cloned = all.world.pools->fill(
      all.machine, pool, all.request.node, all.source.folder, !snapshot, all.context.stop());
  if (!cloned) return cloned.failure();
  const std::string folder = all.world.pools->place_for(pool, all.request.node);
  const std::string name = name_of_clone(all.world, all.request);
  docker::VolumeSpec spec = volume_spec(all, name);
  spec.driver = "local";
  spec.driver_opts = {{"type", "none"}, {"o", "bind"}, {"device", folder}};
  const Result<docker::CreatedVolume> made = create(all, spec);
  if (!made) return made.failure();
  // A folder of the file says nothing about where the engine is.
  if (all.source.volume.empty() && lies_elsewhere(made->facts)) return on_two_machines(all, name);
  publish(all, name, folder, *cloned);
  return Done{};
}

// A volume of the engine's own.
Result<Done> clone_beside(const Copying& all) {
  const std::string name = name_of_clone(all.world, all.request);
  const Result<docker::CreatedVolume> made = create(all, volume_spec(all, name));
  if (!made) return made.failure();
  const Result<VolumePlace> target = place_of_volume(all.world, all.engine, name, all.context.stop());
  if (!target) return target.failure();
  if (target->machine != all.machine) return on_two_machines(all, name);
  const Result<clone::Choice> choice = settled_method(all, target->folder);
  if (!choice) return choice.failure();
  const auto bring = made->existed ? &clone::Storage::overwrite : &clone::Storage::fill;
  const Result<clone::Cloned> cloned =
      (*all.storage.*bring)(all.source.folder, target->folder, choice->method, all.context.stop());
  if (!cloned) return cloned.failure();
  publish(all, name, target->folder, *cloned);
  return Done{};
}

Result<Done> overwrite(const Copying& all, const NodeRef& onto) {
  const Value published = all.context.exported(onto.node, "name");
  const std::string* name = published.as<std::string>();
  if (name == nullptr)
    return Failure{.message = fmt::format("`{}` was not made", all.request.graph.node(onto.node).path),
                   .causes = {},
                   .help = {}};
  VolumePlace target{nullptr, *name, nullptr};
  if (!name->starts_with('/')) {
    const Result<VolumePlace> place = place_of_volume(all.world, all.engine, *name, all.context.stop());
    if (!place) return place.failure();
    target = *place;
  }
  if (target.machine != all.machine) return on_two_machines(all, *name);
  const Result<clone::Choice> choice = settled_method(all, target.folder);
  if (!choice) return choice.failure();
  return with_users_stopped(all.world, all.request, all.context, [&]() -> Result<Done> {
    if (!name->starts_with('/'))
      if (Result<Done> free = refuse_users(all.engine, *name, all.context.stop()); !free) return free;
    if (all.machine == nullptr)  // elsewhere it goes with its volume
      if (Result<Done> recorded = record_overwrite(all.world.place.folder, target.folder); !recorded) {
        recorded.failure().nothing_done = true;
        return recorded;
      }
    const Result<clone::Cloned> cloned =
        all.storage->overwrite(all.source.folder, target.folder, choice->method, all.context.stop());
    if (!cloned) return cloned.failure();
    publish(all, *name, target.folder, *cloned);
    return Done{};
  });
}

Result<Done> make(Copying& all, const Settled& settings) {
  if (!all.source.volume.empty()) {
    Result<VolumePlace> place = place_of_volume(all.world, all.engine, all.source.volume, all.context.stop());
    if (!place) return place.failure();
    all.source.folder = place->folder;
    all.machine = place->machine;
    all.storage = std::move(place->storage);
    if (Result<Done> quiet = refuse_writers(all.engine, all.source.volume, all.context.stop()); !quiet)
      return quiet;
  }
  if (const NodeRef* onto = settings.value("onto").as<NodeRef>()) return overwrite(all, *onto);
  if (all.wanted == "copy") return clone_beside(all);
  const Result<std::optional<clone::Pool>> pool = all.world.pools->usable(all.machine, all.context.stop());
  if (!pool) return pool.failure();
  if (!*pool) return clone_beside(all);
  if (clone::lies_in(**pool, all.source.folder) && fs::path(all.source.folder).filename() != "_data")
    return clone_in_pool(all, **pool);
  // The engine's own file system may be able to share, too: then nothing has to be brought anywhere.
  const Result<clone::Choice> beside = all.storage->probe(
      all.source.folder, fs::path(all.source.folder).parent_path().string(), all.context.stop());
  if (!beside) return beside.failure();
  return !all.source.volume.empty() && beside->method != clone::Method::copy ? clone_beside(all)
                                                                             : clone_in_pool(all, **pool);
}

execute::StepResult unmake(World& world, const execute::StepRequest& request) {
  const Node& node = request.graph.node(request.node);
  if (!node.value("onto").null()) return execute::StepEnd{};  // the volume is another block's
  if (node.policy.keep || world.place.up)
    return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "it outlives the run"};
  Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  if (Result<> gone = docker::remove_volume(**engine, name_of_clone(world, request), {}); !gone)
    return gone.failure();
  if (Result<Done> gone = world.pools->remove(request.node, **engine); !gone) return gone.failure();
  return execute::StepEnd{};
}

}  // namespace

execute::StepResult perform_engine_clone(World& world, const execute::StepRequest& request,
                                         execute::StepContext& context) {
  if (array_of(request.graph, request.node) != no_node) return perform_array_clone(world, request, context);
  if (request.phase != Phase::make) return unmake(world, request);
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  if (request.verdict == plan::Verdict::keep)  // what it has published is known
    return execute::StepEnd{.is = execute::StepEnd::Is::kept,
                            .reason = "it was made before the interruption"};
  if (request.verdict == plan::Verdict::replace && request.fact != nullptr && all->value("onto").null())
    if (Result<Done> gone = remove_object(**engine, *request.fact, world.place.project, context.stop());
        !gone)
      return gone.failure();
  const bool snapshot = request.graph.node(request.node).kind == "snapshot";
  Result<CopySource> source = copy_source(world, all->value(snapshot ? "of" : "from"), context);
  if (!source) return source.failure();
  const Value& wanted = all->value("method");
  Copying copying{world,    request, context,
                  **engine, *source, wanted.null() ? std::string("auto") : As<std::string>::take(wanted)};
  // Of a folder of the file; a volume's place is looked for.
  copying.storage = std::shared_ptr<clone::Storage>(std::shared_ptr<void>(), &clone::this_machine());
  if (copying.wanted == "array")
    return Failure{.message = fmt::format("`{}` cannot be cloned by an array", copying.node().path),
                   .causes = {"it does not say which"},
                   .help = "write `on = NAME` of a `flasharray` block, here or in the snapshot",
                   .nothing_done = true};
  // An overwrite is done every time; a volume that an earlier `up` has finished stays as it is.
  const std::string name = name_of_clone(world, request);
  if (world.place.up && all->value("onto").null()) {
    const auto there = docker::inspect_volume(**engine, name, context.stop());
    if (!there) return there.failure();
    if (*there && is_made_copy(world, request.node, name, born(**there))) {
      context.publish("name", Value{name});
      return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "it is there from an earlier `up`"};
    }
  }
  if (Result<Done> made = make(copying, *all); !made) return made.failure();
  if (world.place.up && all->value("onto").null()) {
    const auto there = docker::inspect_volume(**engine, name, context.stop());
    if (!there) return there.failure();
    if (*there)
      if (Result<Done> noted = record_made_copy(world, request.node, name, born(**there)); !noted)
        return noted.failure();
  }
  return execute::StepEnd{};
}

execute::StepResult perform_snapshot(World& world, const execute::StepRequest& request,
                                     execute::StepContext& context) {
  return world.on_engine[index(request.node)] ? perform_engine_clone(world, request, context)
                                              : perform_clone(world, request, context);
}

}  // namespace cairn::kinds
