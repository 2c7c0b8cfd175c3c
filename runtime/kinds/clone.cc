#include <fmt/format.h>

#include <filesystem>

#include "runtime/clone/method.h"
#include "runtime/clone/tree.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/kinds.h"
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
  if (request.phase != Phase::make) {
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
  const Value& wanted_value = all->value("method");
  const std::string wanted = wanted_value.null() ? "auto" : As<std::string>::take(wanted_value);
  Result<clone::Choice> choice = clone::probe_method(*source, fs::path(folder).parent_path().string());
  if (!choice) return choice.failure();
  if (wanted == "copy")
    *choice = {clone::Method::copy, "the file asks for a copy"};
  else if (wanted != "auto" && wanted != clone::name_of(choice->method))
    return Failure{
        .message = fmt::format("`{}` cannot be cloned by {}", path, wanted),
        .causes = {choice->why},
        .help = fmt::format("`method = \"auto\"` would take \"{}\"", clone::name_of(choice->method))};
  context.note(fmt::format("{}: {}", clone::name_of(choice->method), choice->why));
  fs::remove(folder, error);  // made empty above; the clone brings its own folder
  const Result<clone::Cloned> cloned = clone::clone_tree(*source, folder, choice->method, context.stop());
  if (!cloned) return cloned.failure();
  context.publish("path", Value{Path{folder, {}}});
  context.publish("name", Value{folder});
  context.publish("method", Value{std::string(clone::name_of(cloned->method))});
  if (const Result<clone::Usage> usage = clone::usage_of_tree(folder); usage)
    context.publish("bytes_shared", Value{Size{static_cast<std::int64_t>(usage->shared)}});
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
