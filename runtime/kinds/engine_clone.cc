// Clones and snapshots of an engine's volumes. Today by way of the volume's folder on this machine: it needs
// an engine that is this machine's, and the right to read what belongs to others (root, most often).
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/clone/method.h"
#include "runtime/clone/tree.h"
#include "runtime/kinds/announced.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/leftovers.h"
#include "runtime/kinds/settled.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/volumes.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

struct Source {
  std::string name;  // of the volume; empty for a folder of the file
  std::string folder;
};

Result<std::string> folder_of_volume(docker::Engine& engine, const std::string& volume,
                                     std::stop_token stop) {
  const auto facts = docker::inspect_volume(engine, volume, stop);
  if (!facts) return facts.failure();
  if (!*facts)
    return Failure{.message = fmt::format("there is no volume `{}`", volume), .causes = {}, .help = {}};
  std::error_code error;
  if ((*facts)->mountpoint.empty() || !fs::is_directory((*facts)->mountpoint, error) ||
      access((*facts)->mountpoint.c_str(), R_OK | W_OK | X_OK) != 0)
    return Failure{
        .message = fmt::format("the content of the volume `{}` cannot be reached from here", volume),
        .causes = {fmt::format("it lies at `{}` on the engine's machine", (*facts)->mountpoint),
                   geteuid() == 0 ? "this machine has no such folder: the engine is elsewhere"
                                  : "only root may look there"},
        .help =
            "run cairn as root on the engine's machine, or clone a folder of the file: `from = \"./seed\"`"};
  return (*facts)->mountpoint;
}

Result<Source> source_of(World& world, docker::Engine& engine, const Value& from,
                         execute::StepContext& context) {
  if (const Path* path = from.as<Path>())
    return Source{{},
                  path->text.starts_with('/')
                      ? path->text
                      : (fs::path(path->folder) / path->text).lexically_normal().string()};
  const NodeRef* node = from.as<NodeRef>();
  if (node == nullptr) return Failure{.message = "there is nothing to copy from", .causes = {}, .help = {}};
  const Value name = context.exported(node->node, "name");
  if (name.as<std::string>() == nullptr)
    return Failure{.message = fmt::format("`{}` was not made", world.graph.node(node->node).path),
                   .causes = {},
                   .help = {}};
  Result<std::string> folder = folder_of_volume(engine, *name.as<std::string>(), context.stop());
  if (!folder) return folder.failure();
  return Source{*name.as<std::string>(), *folder};
}

// A copy of files that somebody writes is a copy of no single moment.
Result<Done> refuse_live_source(docker::Engine& engine, const Source& source, std::stop_token stop) {
  if (source.name.empty()) return Done{};
  const auto containers = docker::list_containers(engine, {}, stop);
  if (!containers) return containers.failure();
  for (const docker::ContainerSummary& one : *containers) {
    if (one.status != "running") continue;
    const auto facts = docker::inspect_container(engine, one.id, stop);
    if (!facts || !*facts) continue;
    for (const docker::MountFacts& mount : (*facts)->mounts)
      if (mount.volume == source.name && !mount.read_only)
        return Failure{
            .message = fmt::format("the volume `{}` is in use by the container `{}`", source.name, one.name),
            .causes = {"what is copied while it is written is of no single moment"},
            .help = "let the clone wait for its end: `after = [db.stopped]`"};
  }
  return Done{};
}

}  // namespace

execute::StepResult perform_engine_clone(World& world, const execute::StepRequest& request,
                                         execute::StepContext& context) {
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  const Node& node = request.graph.node(request.node);
  const std::string name = world.containers->object_name(request.node);
  if (request.phase != Phase::make) {
    if (node.policy.keep || world.place.up)
      return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "it outlives the run"};
    if (Result<> gone = docker::remove_volume(**engine, name, {}); !gone) return gone.failure();
    return execute::StepEnd{};
  }
  if (request.verdict == plan::Verdict::keep) {  // what it has published is known
    return execute::StepEnd{.is = execute::StepEnd::Is::kept,
                            .reason = "it was made before the interruption"};
  }
  if (request.verdict == plan::Verdict::replace && request.fact != nullptr)
    if (Result<Done> gone = remove_object(**engine, *request.fact, world.place.project, context.stop());
        !gone)
      return gone.failure();
  if (!all->value("on").null())
    return Failure{
        .message = fmt::format("this cairn does not clone on an array: `{}`", node.path),
        .causes = {},
        .help = "leave `on` out: the volume is then copied, sharing blocks where the file system can"};
  if (!all->value("onto").null())
    return Failure{.message = fmt::format("this cairn does not overwrite in place: `{}`", node.path),
                   .causes = {},
                   .help = "leave `onto` out, and mount the clone"};
  const Value& from = node.kind == "snapshot" ? all->value("of") : all->value("from");
  Result<Source> source = source_of(world, **engine, from, context);
  if (!source) return source.failure();
  if (Result<Done> quiet = refuse_live_source(**engine, *source, context.stop()); !quiet)
    return quiet.failure();

  docker::VolumeSpec spec;
  spec.identity = world.containers->identity(request.node, name, request.attempt);
  const Result<docker::CreatedVolume> made = announced(
      context, making(EffectClass::found, "create volume", (*engine)->endpoint().shown, "volume", name),
      [&] { return docker::create_volume(**engine, spec, context.stop()); },
      [&](const docker::CreatedVolume&) { return name; });
  if (!made) return made.failure();
  const Result<std::string> target = folder_of_volume(**engine, name, context.stop());
  if (!target) return target.failure();
  Result<clone::Choice> choice = clone::probe_method(source->folder, *target);
  if (!choice) return choice.failure();
  // The volume's folder exists and stays the same one: a subvolume cannot take its place.
  if (choice->method == clone::Method::snapshot) choice->method = clone::Method::reflink;
  const Value& wanted_value = all->value("method");
  const std::string wanted = wanted_value.null() ? "auto" : As<std::string>::take(wanted_value);
  if (wanted == "copy")
    *choice = {clone::Method::copy, "the file asks for a copy"};
  else if (wanted != "auto" && wanted != clone::name_of(choice->method))
    return Failure{
        .message = fmt::format("`{}` cannot be cloned by {}", node.path, wanted),
        .causes = {choice->why},
        .help = fmt::format("`method = \"auto\"` would take \"{}\"", clone::name_of(choice->method))};
  context.note(fmt::format("{}: {}", clone::name_of(choice->method), choice->why));
  const Result<clone::Cloned> cloned =
      clone::overwrite_tree(source->folder, *target, choice->method, context.stop());
  if (!cloned) return cloned.failure();
  context.publish("name", Value{name});
  context.publish("method", Value{std::string(clone::name_of(cloned->method))});
  return execute::StepEnd{};
}

execute::StepResult perform_snapshot(World& world, const execute::StepRequest& request,
                                     execute::StepContext& context) {
  return world.on_engine[index(request.node)] ? perform_engine_clone(world, request, context)
                                              : perform_clone(world, request, context);
}

}  // namespace cairn::kinds
