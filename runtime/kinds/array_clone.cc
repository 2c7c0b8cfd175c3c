#include "runtime/kinds/array_clone.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/array/names.h"
#include "runtime/kinds/announced.h"
#include "runtime/kinds/arrays.h"
#include "runtime/kinds/arrays_used.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/engine_storage.h"
#include "runtime/kinds/made_copies.h"
#include "runtime/kinds/overwrite.h"
#include "runtime/kinds/settled.h"

namespace cairn::kinds {
namespace {

struct Task {
  World& world;
  const execute::StepRequest& request;
  execute::StepContext& context;
  UsedArray& array;

  const Node& node() const { return request.graph.node(request.node); }
  bool snapshot() const { return node().kind == "snapshot"; }
  // The engine's name of a clone, the suffix of a snapshot.
  std::string object_name() const {
    if (const std::string* name = node().value("name").as<std::string>()) return *name;
    if (const std::string* suffix = node().value("suffix").as<std::string>()) return *suffix;
    return array_object_name(snapshot() ? std::string() : array.prefix, world.place, node().path);
  }
};

// A change of the array, in the journal before it is caused and after.
template <class Cause>
auto journalled(const Task& task, const char* effect, const char* what, const std::string& name,
                Cause cause) {
  task.world.arrays->begin(task.request.node);
  return announced(task.context, making(EffectClass::unfound, effect, task.array.client->name(), what, name),
                   cause, [&](const auto&) { return name; });
}

// The volume of an engine on the array, which has to be there.
Result<array::Volume> array_volume(const Task& task, const std::string& volume) {
  array::FlashArray& client = *task.array.client;
  const std::string name = task.array.volume_of(volume);
  const Result<std::optional<array::Volume>> found = client.find(name, task.context.stop());
  if (!found) return found.failure();
  if (*found && !(*found)->destroyed) return **found;
  Failure failure{.message = fmt::format("{} has no volume `{}`", client.name(), name),
                  .causes = {fmt::format("that is `{}` of the engine, with the array's `prefix` \"{}\"",
                                         volume, task.array.prefix)},
                  .help = {},
                  .nothing_done = true};
  if (*found) {
    failure.causes.insert(failure.causes.begin(), "it has been destroyed");
    failure.help = "recover it on the array, or make the volume anew";
    return failure;
  }
  // Drivers put different things in front of their volumes' names.
  const Result<std::vector<array::Volume>> like =
      client.volumes({.names = {"*" + volume}}, task.context.stop());
  if (like && !like->empty())
    failure.help =
        fmt::format("it has `{}`: write `prefix = \"{}\"` in `{}`", like->front().name,
                    like->front().name.substr(0, like->front().name.size() - volume.size()), task.array.path);
  else
    failure.help =
        "the volume may be on another array, or made by another driver: `docker volume inspect` says";
  return failure;
}

// What a clone is made from, as the array calls it.
Result<std::string> array_source(const Task& task, const Value& from) {
  if (from.as<Path>() != nullptr)
    return Failure{.message = "an array cannot copy a folder of this machine",
                   .causes = {},
                   .help = "leave `on` out, or clone a volume that is on the array",
                   .nothing_done = true};
  Result<CopySource> source = copy_source(task.world, from, task.context);
  if (!source) return source.failure();
  const NodeRef* node = from.as<NodeRef>();
  if (node != nullptr && task.request.graph.node(node->node).kind == "snapshot") {
    if (array_of(task.request.graph, node->node) != array_of(task.request.graph, task.request.node))
      return Failure{.message = fmt::format("the snapshot `{}` is not on `{}`",
                                            task.request.graph.node(node->node).path, task.array.path),
                     .causes = {},
                     .help = "leave `on` out: a clone is made where its snapshot is",
                     .nothing_done = true};
    return source->volume;
  }
  if (source->volume.empty())
    return Failure{.message = fmt::format("`{}` is a folder, and no volume of an array", source->folder),
                   .causes = {},
                   .help = "leave `on` out",
                   .nothing_done = true};
  Result<array::Volume> volume = array_volume(task, source->volume);
  if (!volume) return volume.failure();
  return volume->name;
}

// The driver that has the source, by asking the engine about the volume at the root of it all.
Result<docker::VolumeFacts> source_volume(const Task& task, docker::Engine& engine, NodeId node) {
  const Graph& graph = task.request.graph;
  while (graph.node(node).kind == "snapshot") {
    const NodeRef* of = graph.node(node).value("of").as<NodeRef>();
    if (of == nullptr) break;
    node = of->node;
  }
  const Value name = task.context.exported(node, "name");
  const std::string* text = name.as<std::string>();
  if (text == nullptr)
    return Failure{
        .message = fmt::format("`{}` was not made", graph.node(node).path), .causes = {}, .help = {}};
  const auto facts = docker::inspect_volume(engine, *text, task.context.stop());
  if (!facts) return facts.failure();
  if (!*facts)
    return Failure{.message = fmt::format("the engine has no volume `{}`", *text), .causes = {}, .help = {}};
  if ((*facts)->driver == "local")
    return Failure{.message = fmt::format("the volume `{}` is on no array", *text),
                   .causes = {"the engine's own driver `local` keeps it"},
                   .help = "give it the array's driver (`driver = \"pure\"`), or leave `on` out",
                   .nothing_done = true};
  return **facts;
}

// A name that the file chose does not lead back to the run.
Result<Done> note_chosen_name(const Task& task, const char* setting, const std::string& name) {
  if (task.node().value(setting).null()) return Done{};
  return record_array_object(task.world.place.folder, task.array.path, name);
}

Result<Done> take_snapshot(const Task& task, const Settled& settings) {
  const Result<std::string> volume = array_source(task, settings.value("of"));
  if (!volume) return volume.failure();
  const std::string suffix = task.object_name(), name = *volume + "." + suffix;
  if (Result<Done> noted = note_chosen_name(task, "suffix", name); !noted) return noted;
  array::FlashArray& client = *task.array.client;
  // Of an attempt whose answer was lost, or that was killed. A name that the file chose may be somebody
  // else's.
  const bool tried = task.request.attempt > 1 || task.request.incarnation > 1;
  if (tried && task.node().value("suffix").null()) {
    const Result<std::optional<array::Snapshot>> there = client.find_snapshot(name, task.context.stop());
    if (there && *there && !(*there)->destroyed) {
      if (Result<> gone = client.destroy_snapshot(name, task.context.stop()); !gone) return gone;
      if (Result<array::Eradication> gone = client.eradicate_snapshot(name, task.context.stop()); !gone)
        return gone.failure();
    }
  }
  const Result<array::Snapshot> taken = journalled(task, "take the snapshot", "snapshot", name, [&] {
    return client.snapshot(*volume, suffix, task.context.stop());
  });
  if (!taken) return taken.failure();
  task.context.note(fmt::format("array: {} took `{}`", client.name(), taken->name));
  task.context.publish("name", Value{taken->name});
  return Done{};
}

void publish(const Task& task, const std::string& volume, const array::Volume& made) {
  task.context.publish("name", Value{volume});
  task.context.publish("method", Value{std::string("array")});
  task.context.publish("serial", Value{made.serial});
  task.context.publish("bytes_shared", Value{Size{static_cast<std::int64_t>(made.size)}});
  task.context.note(
      fmt::format("array: `{}` on {} is a copy of `{}`", made.name, task.array.client->name(), made.source));
}

Result<Done> make_clone(const Task& task, const Settled& settings) {
  const Value& wanted = settings.value("method");
  if (const std::string* method = wanted.as<std::string>(); method && *method != "auto" && *method != "array")
    return Failure{.message = fmt::format("`{}` cannot be cloned by {}", task.node().path, *method),
                   .causes = {fmt::format("`on` says that the array `{}` makes it", task.array.path)},
                   .help = "write `method = \"array\"`, or leave both out",
                   .nothing_done = true};
  Result<docker::Engine*> engine = task.world.containers->engine_of(task.request.node);
  if (!engine) return engine.failure();
  const Result<std::string> source = array_source(task, settings.value("from"));
  if (!source) return source.failure();
  array::FlashArray& client = *task.array.client;
  if (const NodeRef* onto = settings.value("onto").as<NodeRef>()) {
    const Result<CopySource> target = copy_source(task.world, settings.value("onto"), task.context);
    if (!target) return target.failure();
    const Result<docker::VolumeFacts> there = source_volume(task, **engine, onto->node);
    if (!there) return there.failure();
    const Result<array::Volume> known = array_volume(task, target->volume);
    if (!known) return known.failure();
    return with_users_stopped(task.world, task.request, task.context, [&]() -> Result<Done> {
      if (Result<Done> free = refuse_users(**engine, target->volume, task.context.stop()); !free) return free;
      const Result<array::Volume> made = journalled(task, "overwrite the volume", "volume", known->name, [&] {
        return client.overwrite(*source, known->name, {}, task.context.stop());
      });
      if (!made) return made.failure();
      publish(task, target->volume, *made);
      return Done{};
    });
  }
  const NodeRef* from = settings.value("from").as<NodeRef>();
  const Result<docker::VolumeFacts> origin = source_volume(task, **engine, from->node);
  if (!origin) return origin.failure();
  const std::string volume = task.object_name(), name = task.array.volume_of(volume);
  if (Result<> fine = array::check_volume_name(name); !fine) return fine;
  const Result<std::optional<array::Volume>> taken = client.find(name, task.context.stop());
  if (!taken) return taken.failure();
  const auto known = docker::inspect_volume(**engine, volume, task.context.stop());
  if (!known) return known.failure();
  const bool ours =
      *known && docker::owner_of((*known)->labels, volume, task.world.place.project) == docker::Owner::ours;
  if (*taken && !ours)
    return Failure{
        .message = fmt::format("{} has a volume `{}` already", client.name(), name),
        .causes = {(*taken)->destroyed ? "it has been destroyed, and its name is taken until it is eradicated"
                                       : "it is not of this run: it is not overwritten"},
        .help = (*taken)->destroyed
                    ? "eradicate it on the array, or give the block another name"
                    : "see whose it is; give the block another name, or destroy and eradicate it",
        .nothing_done = true};
  if (Result<Done> noted = note_chosen_name(task, "name", name); !noted) return noted;
  docker::VolumeSpec spec;
  spec.identity = task.world.containers->identity(task.request.node, volume, task.request.attempt);
  spec.driver = origin->driver;
  const auto size_of_source = client.find(task.array.volume_of(origin->name), task.context.stop());
  if (!size_of_source) return size_of_source.failure();
  if (*size_of_source) spec.driver_opts["size"] = std::to_string((*size_of_source)->size);
  task.world.arrays->begin(task.request.node);  // the driver makes it on the array
  const Result<docker::CreatedVolume> made = docker::create_volume(**engine, spec, task.context.stop());
  if (!made) return made.failure();
  if (Result<Done> free = refuse_users(**engine, volume, task.context.stop()); !free) return free;
  const Result<array::Volume> filled = journalled(task, "clone into the volume", "clone", name, [&] {
    return client.overwrite(*source, name, {}, task.context.stop());
  });
  if (!filled) return filled.failure();
  publish(task, volume, *filled);
  return Done{};
}

// The serial of what the node is on the array; empty: it is not there. A serial is never given twice.
Result<std::string> born_of(const Task& task) {
  array::FlashArray& client = *task.array.client;
  if (!task.snapshot()) {
    const auto volume = client.find(task.array.volume_of(task.object_name()), task.context.stop());
    if (!volume) return volume.failure();
    return *volume && !(*volume)->destroyed ? (*volume)->serial : std::string();
  }
  const auto snapshots = client.snapshots({.names = {"*." + task.object_name()}}, task.context.stop());
  if (!snapshots) return snapshots.failure();
  return snapshots->empty() ? std::string() : snapshots->front().serial;
}

// Of an earlier `up`.
execute::StepResult publish_made(const Task& task, const Settled& settings) {
  array::FlashArray& client = *task.array.client;
  if (task.snapshot()) {
    const Result<std::string> volume = array_source(task, settings.value("of"));
    if (!volume) return volume.failure();
    task.context.publish("name", Value{*volume + "." + task.object_name()});
  } else {
    const auto volume = client.find(task.array.volume_of(task.object_name()), task.context.stop());
    if (!volume) return volume.failure();
    if (*volume) publish(task, task.object_name(), **volume);
  }
  return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "it is there from an earlier `up`"};
}

execute::StepResult remove_snapshot(const Task& task) {
  array::FlashArray& client = *task.array.client;
  const Value published = task.context.exported(task.request.node, "name");
  std::string name;
  if (const std::string* text = published.as<std::string>()) {
    name = *text;
  } else {  // it was to be made, and nobody knows what came of it
    const Result<std::vector<array::Snapshot>> there =
        client.snapshots({.names = {"*." + task.object_name()}, .destroyed_too = true}, {});
    if (!there) return there.failure();
    if (there->empty()) return execute::StepEnd{};
    name = there->front().name;
  }
  if (Result<> gone = client.destroy_snapshot(name, {}); !gone) return gone.failure();
  const Result<array::Eradication> gone = client.eradicate_snapshot(name, {});
  if (!gone) return gone.failure();
  if (*gone == array::Eradication::done) return execute::StepEnd{};
  return left_destroyed(name, kept_by_safe_mode(*task.array.client), task.context);
}

execute::StepResult remove_clone(const Task& task) {
  Result<docker::Engine*> engine = task.world.containers->engine_of(task.request.node);
  if (!engine) return engine.failure();
  const std::string volume = task.object_name(), name = task.array.volume_of(volume);
  const auto known = docker::inspect_volume(**engine, volume, {});
  if (!known) return known.failure();
  if (*known) {
    // A volume that only happens to be called so was not made by this run.
    if (docker::owner_of((*known)->labels, volume, task.world.place.project) != docker::Owner::ours)
      return execute::StepEnd{};
    if (Result<> gone = docker::remove_volume(**engine, volume, {}); !gone) return gone.failure();
  }
  // The driver destroys, and leaves it to be recovered for a day.
  if (task.context.exported(task.request.node, "serial").null() && !*known) return execute::StepEnd{};
  if (Result<> gone = task.array.client->destroy(name, {}); !gone) return gone.failure();
  const Result<array::Eradication> gone = task.array.client->eradicate(name, {});
  if (!gone) return gone.failure();
  if (*gone == array::Eradication::done) return execute::StepEnd{};
  return left_destroyed(name, kept_by_safe_mode(*task.array.client), task.context);
}

}  // namespace

execute::StepResult perform_array_clone(World& world, const execute::StepRequest& request,
                                        execute::StepContext& context) {
  const Node& node = request.graph.node(request.node);
  if (request.phase != Phase::make) {
    if (!node.value("onto").null()) return execute::StepEnd{};  // the volume is another block's
    if (node.policy.keep || world.place.up)
      return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "it outlives the run"};
    // An array that never let us in has nothing of ours. Of a resumed run nobody knows.
    if (request.incarnation == 1 && !world.arrays->begun(request.node)) return execute::StepEnd{};
  }
  if (request.phase == Phase::make &&
      request.verdict == plan::Verdict::keep)  // what it has published is known
    return execute::StepEnd{.is = execute::StepEnd::Is::kept,
                            .reason = "it was made before the interruption"};
  Result<UsedArray*> array = world.arrays->use(array_of(request.graph, request.node), context);
  if (!array) return array.failure();
  const Task task{world, request, context, **array};
  if (request.phase != Phase::make) return task.snapshot() ? remove_snapshot(task) : remove_clone(task);
  const Result<Settled> settings = settled(world, request, context);
  if (!settings) return settings.failure();
  const bool stays = world.place.up && node.value("onto").null();
  if (stays) {
    const Result<std::string> born = born_of(task);
    if (!born) return born.failure();
    if (is_made_copy(world, request.node, task.object_name(), *born)) return publish_made(task, *settings);
  }
  const Result<Done> made = task.snapshot() ? take_snapshot(task, *settings) : make_clone(task, *settings);
  if (!made) return made.failure();
  if (stays) {
    const Result<std::string> born = born_of(task);
    if (!born) return born.failure();
    if (Result<Done> noted = record_made_copy(world, request.node, task.object_name(), *born); !noted)
      return noted.failure();
  }
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
