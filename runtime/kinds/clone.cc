#include <fmt/format.h>

#include <filesystem>

#include "runtime/clone/method.h"
#include "runtime/clone/tree.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/overwrite.h"
#include "runtime/kinds/settled.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

// The folder that a clone's source is: a path of the file, or what a volume, snapshot or clone has published.
Result<std::string> source_folder(const World& world, const Value& from,
                                  const execute::StepContext& context) {
  if (const Path* path = from.as<Path>())
    return path->text.starts_with('/') ? path->text
                                       : (fs::path(path->folder) / path->text).lexically_normal().string();
  const NodeRef* node = from.as<NodeRef>();
  if (node == nullptr) return Failure{.message = "there is nothing to copy from", .causes = {}, .help = {}};
  const Value path = context.exported(node->node, "path");
  if (const Path* folder = path.as<Path>()) return folder->text;
  return Failure{
      .message = fmt::format("`{}` is no folder of this machine", world.graph.node(node->node).path),
      .causes = {},
      .help = {}};
}

}  // namespace

execute::StepResult perform_clone(World& world, const execute::StepRequest& request,
                                  execute::StepContext& context) {
  if (world.on_engine[index(request.node)]) return perform_engine_clone(world, request, context);
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  const std::string& path = request.graph.node(request.node).path;
  const std::string folder = world.scratch(request.node, "volumes");
  std::error_code error;
  const Value& onto = request.graph.node(request.node).value("onto");
  if (request.phase != Phase::make) {
    if (!onto.null()) return execute::StepEnd{};  // the volume is another block's
    if (Result<> gone = clone::remove_tree(folder); !gone) return gone.failure();
    return execute::StepEnd{};
  }
  if (request.verdict == plan::Verdict::keep)  // what it has published is known
    return execute::StepEnd{.is = execute::StepEnd::Is::kept,
                            .reason = "it was made before the interruption"};
  if (request.verdict == plan::Verdict::replace)
    if (Result<> gone = clone::remove_tree(folder); !gone) return gone.failure();
  const Result<std::string> source = source_folder(
      world, request.graph.node(request.node).kind == "snapshot" ? all->value("of") : all->value("from"),
      context);
  if (!source) return source.failure();
  std::string target = folder;
  if (const NodeRef* volume = onto.as<NodeRef>()) {
    const Value there = context.exported(volume->node, "path");
    if (there.as<Path>() == nullptr)
      return Failure{.message = fmt::format("`{}` was not made", request.graph.node(volume->node).path),
                     .causes = {},
                     .help = {}};
    target = there.as<Path>()->text;
  }
  const Value& wanted_value = all->value("method");
  const std::string wanted = wanted_value.null() ? "auto" : As<std::string>::take(wanted_value);
  Result<clone::Choice> choice =
      clone::probe_method(*source, onto.null() ? fs::path(folder).parent_path().string() : target);
  if (!choice) return choice.failure();
  // A volume that is overwritten stays the folder that it is.
  if (!onto.null() && choice->method == clone::Method::snapshot) choice->method = clone::Method::reflink;
  if (wanted == "copy")
    *choice = {clone::Method::copy, "the file asks for a copy"};
  else if (wanted != "auto" && wanted != clone::name_of(choice->method))
    return Failure{
        .message = fmt::format("`{}` cannot be cloned by {}", path, wanted),
        .causes = {choice->why},
        .help = fmt::format("`method = \"auto\"` would take \"{}\"", clone::name_of(choice->method))};
  context.note(fmt::format("{}: {}", clone::name_of(choice->method), choice->why));
  clone::Cloned cloned;
  const auto make = [&]() -> Result<Done> {
    if (!onto.null())
      if (Result<Done> recorded = record_overwrite(world.place.folder, target); !recorded) {
        recorded.failure().nothing_done = true;
        return recorded;
      }
    const Result<clone::Cloned> made =
        onto.null() ? clone::clone_tree(*source, target, choice->method, context.stop())
                    : clone::overwrite_tree(*source, target, choice->method, context.stop());
    if (!made) return made.failure();
    cloned = *made;
    return Done{};
  };
  if (onto.null()) fs::remove(folder, error);  // made empty above; the clone brings its own folder
  if (Result<Done> made = onto.null() ? make() : with_users_stopped(world, request, context, make); !made)
    return made.failure();
  context.publish("path", Value{Path{target, {}}});
  context.publish("name", Value{target});
  context.publish("method", Value{std::string(clone::name_of(cloned.method))});
  if (const Result<clone::Usage> usage = clone::usage_of_tree(target); usage)
    context.publish("bytes_shared", Value{Size{static_cast<std::int64_t>(usage->shared)}});
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
