#include <fmt/format.h>

#include "runtime/kinds/announced.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/built_images.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/image_build.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/settled.h"
#include "runtime/platform/docker/archive.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/images.h"

namespace cairn::kinds {
namespace {

// What `files` has put into the container of a node that nobody else may have.
std::vector<docker::FileToPut> secret_files(World& world, NodeId node, execute::StepContext& context) {
  LateAnswers answers(world, context);
  const Settled all = settle(world.compiled, node, answers);
  std::vector<docker::FileToPut> files;
  const Map* written = all.value("files").as<Map>();
  if (written == nullptr) return files;
  for (const auto& [path, value] : written->entries)
    if (value.secret) {
      docker::FileToPut file{.path = path, .content = As<Text>::take(value)};
      file.mode = 0400;
      files.push_back(std::move(file));
    }
  return files;
}

Result<> freeze(docker::Engine& engine, const std::string& container, const char* how, std::stop_token stop) {
  const Result<http::Response> answer = engine.call(
      {.method = "POST", .path = fmt::format("/containers/{}/{}", docker::percent_encoded(container), how)},
      stop);
  if (!answer) return answer.failure();
  if (answer->status == 204) return Done{};
  return docker::refusal(fmt::format("could not {} the container", how), *answer);
}

// An image takes over the files as they are: those with secrets are empty while it is made. Who runs stands
// still meanwhile, and never sees that.
Result<std::string> committed_without(const std::vector<docker::FileToPut>& secrets, docker::Engine& engine,
                                      const docker::CommitSpec& spec, std::stop_token stop) {
  if (secrets.empty()) return docker::commit_container(engine, spec, stop);
  const auto facts = docker::inspect_container(engine, spec.container, stop);
  if (!facts) return facts.failure();
  const bool runs = *facts && (*facts)->running && (*facts)->status != "paused";
  if (runs)
    if (Result<> frozen = freeze(engine, spec.container, "pause", stop); !frozen) return frozen.failure();
  std::vector<docker::FileToPut> empty = secrets;
  for (docker::FileToPut& file : empty) file.content = Text();
  // From here on nothing is given up half way: a secret is put back whatever happened before.
  Result<> blanked = docker::put_files(engine, spec.container, empty, {});
  Result<std::string> image =
      blanked ? docker::commit_container(engine, spec, {}) : Result<std::string>(blanked.failure());
  const Result<> restored = docker::put_files(engine, spec.container, secrets, {});
  const Result<> thawed = runs ? freeze(engine, spec.container, "unpause", {}) : Result<>(Done{});
  if (!image) return image;
  if (!restored) return restored.failure();
  if (!thawed) return thawed.failure();
  return image;
}

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
    const std::vector<docker::FileToPut> secrets = secret_files(world, node->node, context);
    return announced(
        context,
        making(EffectClass::unfound, "commit", engine.endpoint().shown, "image",
               tags.empty() ? world.graph.node(node->node).path : tags.front()),
        [&] { return committed_without(secrets, engine, spec, context.stop()); },
        [](const std::string& its) { return its; });
  }
  const Path path = As<Path>::take(from);
  const std::string file = path.text.starts_with('/') ? path.text : path.folder + "/" + path.text;
  return docker::import_image(engine, file, tags.empty() ? std::string() : tags.front(), {}, context.stop());
}

Result<Done> publish(docker::Engine& engine, const std::string& id, const std::vector<std::string>& tags,
                     execute::StepContext& context) {
  context.publish("id", Value{id});
  const Result<std::optional<docker::ImageFacts>> facts = docker::inspect_image(engine, id, context.stop());
  if (!facts) return facts.failure();
  if (*facts && !(*facts)->digests.empty())
    context.publish("digest",
                    Value{(*facts)->digests.front().substr((*facts)->digests.front().find('@') + 1)});
  context.publish("ref", Value{tags.empty() ? id : tags.front()});
  return Done{};
}

}  // namespace

execute::StepResult perform_image(World& world, const execute::StepRequest& request,
                                  execute::StepContext& context) {
  // Images stay: they are the cache of the next run.
  if (request.phase != Phase::make)
    return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "images are kept for the next run"};
  const plan::Ours* there = request.fact == nullptr ? nullptr : std::get_if<plan::Ours>(&request.fact->found);
  // Resumed: its journal has what it published.
  if (request.verdict == plan::Verdict::keep && (there == nullptr || there->id.empty()))
    return execute::StepEnd{.is = execute::StepEnd::Is::kept,
                            .reason = "it was made before the interruption"};
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  const std::vector<std::string> tags = As<std::vector<std::string>>::take(all->value("tags"));
  const std::vector<std::string> platforms = As<std::vector<std::string>>::take(all->value("platforms"));
  if (request.verdict == plan::Verdict::keep) {
    if (Result<Done> told = publish(**engine, there->id, tags, context); !told) return told.failure();
    return execute::StepEnd{.is = execute::StepEnd::Is::kept,
                            .reason = "nothing that it is made from has changed"};
  }
  // Looked at before, so that what changes meanwhile counts as changed.
  const std::optional<std::string> inputs =
      image_inputs(request.graph, world.sources, request.node, **engine, context.stop());
  Result<std::string> id = std::string();
  if (!all->value("ref").null()) {
    const Value& pull = all->value("pull");
    id = world.containers->image_for(**engine, request.node, all->value("ref"),
                                     pull.as<bool>() != nullptr && *pull.as<bool>() ? "always" : "missing",
                                     context, platforms.empty() ? std::string() : platforms.front());
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
  if (Result<Done> told = publish(**engine, *id, tags, context); !told) return told.failure();
  // Its first build may have brought the images that it begins with.
  const std::optional<std::string> known =
      inputs ? inputs : image_inputs(request.graph, world.sources, request.node, **engine, context.stop());
  if (known)
    if (Result<Done> recorded =
            record_built_image(world.place.project_folder + "/.cairn", request.graph.node(request.node).path,
                               (*engine)->endpoint().shown, {*known, *id, tags});
        !recorded)
      context.note(recorded.failure().message);
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
