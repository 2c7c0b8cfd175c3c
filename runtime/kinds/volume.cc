#include <fmt/format.h>

#include <filesystem>

#include "runtime/kinds/binding.h"
#include "runtime/kinds/kinds.h"
#include "runtime/kinds/settled.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

struct FolderSettings {
  std::optional<Path> path, from;
  bool keep = false, external = false;
};

const std::vector<Field<FolderSettings>>& folder_fields() {
  static const std::vector<Field<FolderSettings>> all = {
      field<&FolderSettings::path>("path"), field<&FolderSettings::from>("from"),
      field<&FolderSettings::keep>("keep"), field<&FolderSettings::external>("external")};
  return all;
}

// Of the project when it lives between runs, of the run otherwise.
std::string folder_for(const World& world, NodeId node, const FolderSettings& settings) {
  if (settings.path)
    return (fs::path(settings.path->folder) / settings.path->text).lexically_normal().string();
  if (!settings.keep && !world.place.up) return world.scratch(node, "volumes");
  const fs::path folder =
      fs::path(world.place.project_folder) / ".cairn" / "volumes" / world.graph.node(node).path;
  fs::create_directories(folder);
  return folder.string();
}

}  // namespace

execute::StepResult perform_volume(World& world, const execute::StepRequest& request,
                                   execute::StepContext& context) {
  if (world.on_engine[index(request.node)]) return perform_engine_volume(world, request, context);
  const Result<Settled> all = settled(world, request, context);
  if (!all) return all.failure();
  const FolderSettings settings = bind(folder_fields(), all->settings);
  const std::string folder = folder_for(world, request.node, settings);
  std::error_code error;
  if (request.phase == Phase::make) {
    if (request.verdict == plan::Verdict::keep) {
      context.publish("path", Value{Path{folder, {}}});
      context.publish("name", Value{folder});
      return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "it is there"};
    }
    // Half filled: the interruption fell into its making.
    if (request.verdict == plan::Verdict::replace && !settings.path) fs::remove_all(folder, error);
    if (settings.external && !fs::is_directory(folder, error))
      return Failure{.message = fmt::format("the folder `{}` of `{}` is not there", folder,
                                            request.graph.node(request.node).path),
                     .causes = {"`external = true` makes nothing"},
                     .help = {}};
    fs::create_directories(folder, error);
    if (error)
      return Failure{.message = fmt::format("cannot make the folder `{}`", folder),
                     .causes = {error.message()},
                     .help = {}};
    if (settings.from && request.verdict != plan::Verdict::keep)
      fs::copy(fs::path(settings.from->folder) / settings.from->text, folder,
               fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
    if (error)
      return Failure{.message = fmt::format("cannot fill `{}` from `{}`", folder, settings.from->text),
                     .causes = {error.message()},
                     .help = {}};
    context.publish("path", Value{Path{folder, {}}});
    context.publish("name", Value{folder});
    return request.verdict == plan::Verdict::keep
               ? execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "its folder is there"}
               : execute::StepEnd{};
  }
  // A folder that the file names is somebody's own; one that is kept lives until `down` or `clean`.
  if (settings.path || settings.keep || settings.external || world.place.up)
    return execute::StepEnd{.is = execute::StepEnd::Is::kept, .reason = "it outlives the run"};
  fs::remove_all(folder, error);
  if (error)
    return Failure{.message = fmt::format("cannot remove the folder `{}`", folder),
                   .causes = {error.message()},
                   .help = {}};
  return execute::StepEnd{};
}

}  // namespace cairn::kinds
