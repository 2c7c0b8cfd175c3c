#include <fmt/format.h>

#include "runtime/kinds/announced.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/image_build.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/settled.h"
#include "runtime/platform/docker/images.h"

namespace cairn::kinds {
namespace {

Result<std::string> committed(World& world, docker::Engine& engine, const Value& from,
                              const std::vector<std::string>& tags, execute::StepContext& context) {
  if (const NodeRef* node = from.as<NodeRef>()) {
    const Value container = context.exported(node->node, "id");
    if (container.as<std::string>() == nullptr)
      return Failure{.message = fmt::format("`{}` has no container to make an image of",
                                            world.graph.node(node->node).path),
                     .causes = {},
                     .help = {}};
    docker::CommitSpec spec;
    spec.container = *container.as<std::string>();
    if (!tags.empty()) spec.reference = tags.front();
    return announced(
        context,
        making(EffectClass::unfound, "commit", engine.endpoint().shown, "image",
               tags.empty() ? world.graph.node(node->node).path : tags.front()),
        [&] { return docker::commit_container(engine, spec, context.stop()); },
        [](const std::string& its) { return its; });
  }
  const Path path = As<Path>::take(from);
  const std::string file = path.text.starts_with('/') ? path.text : path.folder + "/" + path.text;
  return docker::import_image(engine, file, tags.empty() ? std::string() : tags.front(), {}, context.stop());
}

}  // namespace

execute::StepResult perform_image(World& world, const execute::StepRequest& request,
                                  execute::StepContext& context) {
  // Images stay: they are the cache of the next run.
  if (request.phase != Phase::make)
    return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "images are kept for the next run"};
  if (request.verdict == plan::Verdict::keep)  // what it has published is known
    return execute::StepEnd{.is = execute::StepEnd::Is::kept,
                            .reason = "it was made before the interruption"};
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  const std::vector<std::string> tags = As<std::vector<std::string>>::take(all->value("tags"));
  Result<std::string> id = std::string();
  if (!all->value("ref").null()) {
    const Value& pull = all->value("pull");
    id = world.containers->image_for(**engine, request.node, all->value("ref"),
                                     pull.as<bool>() != nullptr && *pull.as<bool>() ? "always" : "missing",
                                     context);
  } else if (!all->value("from").null()) {
    id = committed(world, **engine, all->value("from"), tags, context);
  } else {
    id = build_image(world, **engine, request, all->settings, context);
  }
  if (!id) return id.failure();
  for (const std::string& tag : tags) {
    if (Result<> tagged = docker::tag_image(**engine, *id, tag, context.stop()); !tagged)
      return tagged.failure();
    world.containers->reference_has_moved(**engine, tag);
  }
  context.publish("id", Value{*id});
  const Result<std::optional<docker::ImageFacts>> facts =
      docker::inspect_image(**engine, *id, context.stop());
  if (!facts) return facts.failure();
  if (*facts && !(*facts)->digests.empty())
    context.publish("digest",
                    Value{(*facts)->digests.front().substr((*facts)->digests.front().find('@') + 1)});
  context.publish("ref", Value{tags.empty() ? *id : tags.front()});
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
