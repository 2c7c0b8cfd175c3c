#include <fmt/format.h>

#include "runtime/kinds/announced.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/registry_login.h"
#include "runtime/kinds/settled.h"
#include "runtime/platform/docker/images.h"

namespace cairn::kinds {

execute::StepResult perform_push(World& world, const execute::StepRequest& request,
                                 execute::StepContext& context) {
  if (request.phase != Phase::run) return execute::StepEnd{};
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  Result<docker::Engine*> engine = world.containers->engine_of(request.node);
  if (!engine) return engine.failure();
  const Value id = context.exported(As<NodeId>::take(all->value("image")), "id");
  if (id.as<std::string>() == nullptr)
    return Failure{.message = "the image was not made", .causes = {}, .help = {}};
  std::string first_digest;
  std::string first_name;
  for (const std::string& tag : As<std::vector<std::string>>::take(all->value("tags"))) {
    Result<Text> login =
        registry_login(world, all->value("registry"), docker::read_reference(tag).registry(), context);
    if (!login) return login.failure();
    if (Result<> tagged = docker::tag_image(**engine, *id.as<std::string>(), tag, context.stop()); !tagged)
      return tagged.failure();
    context.say(progress::StepProgress{fmt::format("push {}", tag), {}});
    Intent intent = making(EffectClass::once, "push", docker::read_reference(tag).registry(), "tag", tag);
    intent.repeatable = As<bool>::take(all->value("repeatable"));
    const Result<std::string> digest = announced(
        context, std::move(intent),
        [&] {
          return docker::push_image(
              **engine, tag, *login, [&](const std::string& line) { context.note(line); }, context.stop());
        },
        [](const std::string& its) { return its; });
    if (!digest) {
      Failure failure = digest.failure();
      failure.is = FailureClass::endpoint;
      return failure;
    }
    context.note(fmt::format("{} is {}", tag, *digest));
    if (first_digest.empty()) {
      first_digest = *digest;
      first_name = docker::read_reference(tag).name;
    }
  }
  context.publish("digest", Value{first_digest});
  context.publish("ref", Value{fmt::format("{}@{}", first_name, first_digest)});
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
