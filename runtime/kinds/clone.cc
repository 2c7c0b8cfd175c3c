#include <fmt/format.h>

#include <filesystem>

#include "runtime/kinds/binding.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/settled.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

// The folder that a clone's source is: a path of the file, or what a volume, snapshot or clone has published.
Result<std::string> source_folder(const World& world, const Value& from, const execute::StepContext& context) {
  if (const Path* path = from.as<Path>()) return path->text.starts_with('/') ? path->text : (fs::path(path->folder) / path->text).lexically_normal().string();
  const NodeRef* node = from.as<NodeRef>();
  if (node == nullptr) return Failure{.message = "there is nothing to copy from", .causes = {}, .help = {}};
  const Value path = context.exported(node->node, "path");
  if (const Path* folder = path.as<Path>()) return folder->text;
  return Failure{.message = fmt::format("`{}` is no folder of this machine", world.graph.node(node->node).path), .causes = {}, .help = {}};
}

}  // namespace

execute::StepResult perform_clone(World& world, const execute::StepRequest& request, execute::StepContext& context) {
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  const std::string& path = request.graph.node(request.node).path;
  if (world.on_engine[index(request.node)])
    return Failure{.message = fmt::format("this cairn cannot clone volumes of an engine yet: `{}`", path), .causes = {}, .help = "a clone that no container mounts is a folder of this machine"};
  const std::string folder = world.scratch(request.node, "volumes");
  std::error_code error;
  if (request.phase != Phase::make) {
    fs::remove_all(folder, error);
    if (error) return Failure{.message = fmt::format("cannot remove the clone `{}`", folder), .causes = {error.message()}, .help = {}};
    return execute::StepEnd{};
  }
  const Result<std::string> source = source_folder(world, all->value("from"), context);
  if (!source) return source.failure();
  fs::copy(*source, folder, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (error) return Failure{.message = fmt::format("cannot copy `{}`", *source), .causes = {error.message()}, .help = {}};
  context.publish("path", Value{Path{folder, {}}});
  context.publish("name", Value{folder});
  context.publish("method", Value{std::string("copy")});
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
