#include "runtime/kinds/container/mounts.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/kinds/binding.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

std::string home_expanded(const std::string& text) {
  const char* home = std::getenv("HOME");
  return text.starts_with("~/") && home != nullptr ? std::string(home) + text.substr(1) : text;
}

}  // namespace

std::string absolute(const Path& path) {
  return path.text.starts_with('/') ? path.text
                                    : (fs::path(path.folder) / path.text).lexically_normal().string();
}

Result<docker::MountSpec> mount_of(const World& world, execute::StepContext& context,
                                   const std::string& target, const Value& value) {
  docker::MountSpec mount;
  mount.target = target;
  const Value* at = &value;
  std::string part;
  while (const Made* made = at->as<Made>()) {
    if (made->function == "readonly") mount.read_only = true;
    if (made->function == "subpath" && made->arguments.entries.size() > 1)
      part = "/" + plain_text(made->arguments.entries[1].second);
    at = &made->arguments.entries.front().second;
  }
  if (const NodeRef* volume = at->as<NodeRef>()) {
    const Node& node = world.graph.node(volume->node);
    const Value name = context.exported(volume->node, "name");
    if (name.as<std::string>() == nullptr)
      return Failure{.message = fmt::format("`{}` was not made", node.path), .causes = {}, .help = {}};
    if (const bool* read_only = node.value("read_only").as<bool>())
      mount.read_only = mount.read_only || *read_only;
    const bool folder = name.as<std::string>()->starts_with('/');
    mount.is = folder ? docker::MountSpec::Is::bind : docker::MountSpec::Is::volume;
    mount.source = *name.as<std::string>() + (folder ? part : std::string());
    if (!folder && !part.empty())
      return Failure{.message = fmt::format("a part of the volume `{}` cannot be mounted", node.path),
                     .causes = {"`subpath` of a volume needs a newer engine API"},
                     .help = "mount the whole volume"};
    return mount;
  }
  mount.is = docker::MountSpec::Is::bind;
  if (const Path* path = at->as<Path>())
    mount.source = path->text.starts_with('~') ? home_expanded(path->text) : absolute(*path);
  else
    mount.source = As<std::string>::take(*at);
  mount.source += part;
  std::error_code error;
  if (!fs::exists(mount.source, error))
    return Failure{.message = fmt::format("there is no `{}` to mount at `{}`", mount.source, target),
                   .causes = {},
                   .help = "a relative path starts at the folder of its file"};
  return mount;
}

}  // namespace cairn::kinds
