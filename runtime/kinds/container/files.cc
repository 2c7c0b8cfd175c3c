#include "runtime/kinds/container/files.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "runtime/kinds/container/mounts.h"
#include "runtime/platform/docker/archive.h"

namespace cairn::kinds {

namespace fs = std::filesystem;

Result<Done> put_files_of(World& world, NodeId node, const Named<Value>& files, docker::Engine& engine,
                          const std::string& container, execute::StepContext& context) {
  std::vector<docker::FileToPut> to_put;
  for (const auto& [target, written] : files) {
    const Value value = world.file_source(node, written);
    docker::FileToPut file;
    file.path = target;
    if (const Path* path = value.as<Path>())
      file.from = absolute(*path);
    else
      file.content = As<Text>::take(value);
    file.mode = value.secret ? 0400 : 0644;
    to_put.push_back(std::move(file));
  }
  if (to_put.empty()) return Done{};
  return docker::put_files(engine, container, to_put, context.stop());
}

Result<std::vector<Fetched>> fetch_from(docker::Engine& engine, const std::string& container,
                                        const std::string& pattern, const std::string& folder,
                                        execute::StepContext& context) {
  // The archive call knows no patterns: the folder around is fetched, and searched here.
  const std::size_t slash = pattern.rfind('/');
  const std::string last = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
  const bool pattern_last = last.find_first_of("*?[") != std::string::npos;
  const std::string asked =
      pattern_last ? pattern.substr(0, slash == std::string::npos ? 0 : std::max<std::size_t>(slash, 1))
                   : pattern;
  const Result<std::optional<docker::PathFacts>> there =
      docker::stat_path(engine, container, asked, context.stop());
  if (!there) return there.failure();
  std::vector<Fetched> found;
  if (!*there) return found;
  std::string flat = asked;
  std::replace(flat.begin(), flat.end(), '/', '_');
  const fs::path destination = fs::path(folder) / flat;
  fs::remove_all(destination);
  const Result<docker::Extracted> extracted =
      docker::get_archive(engine, container, asked, destination.string(), {}, context.stop());
  if (!extracted) return extracted.failure();
  for (const std::string& left : extracted->left_out)
    context.note(fmt::format("{}: links and devices are not taken out of containers", left));
  const std::string brought = (*there)->is == docker::PathFacts::Is::folder
                                  ? destination.string()
                                  : (destination / fs::path(asked).filename()).string();
  if (!pattern_last) return std::vector<Fetched>{{pattern, brought}};
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(brought, error))
    if (fnmatch(last.c_str(), entry.path().filename().c_str(), 0) == 0)
      found.push_back({pattern, entry.path().string()});
  std::sort(found.begin(), found.end(), [](const Fetched& a, const Fetched& b) { return a.path < b.path; });
  return found;
}

}  // namespace cairn::kinds
