#include "runtime/kinds/image_build.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "runtime/kinds/build_contexts.h"
#include "runtime/kinds/build_settings.h"
#include "runtime/kinds/buildx_build.h"
#include "runtime/kinds/registry_login.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/platform/docker/build.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

// The Dockerfile of a context.
Result<std::string> dockerfile_in(const docker::BuildSpec& spec) {
  std::ifstream file(fs::path(spec.context) / spec.dockerfile, std::ios::binary);
  if (!file)
    return Failure{.message = fmt::format("there is no `{}` in `{}`", spec.dockerfile, spec.context),
                   .causes = {},
                   .help = "`dockerfile` is relative to `context`"};
  return std::string(std::istreambuf_iterator<char>(file), {});
}

docker::BuildSpec spec_of(const BuildSettings& settings) {
  docker::BuildSpec spec;
  spec.builder = settings.builder == "classic" ? docker::BuildSpec::Builder::classic
                                               : docker::BuildSpec::Builder::buildkit;
  if (settings.context) spec.context = absolute_path(*settings.context);
  if (settings.dockerfile) spec.dockerfile = *settings.dockerfile;
  spec.dockerfile_text = settings.dockerfile_inline;
  if (settings.target) spec.target = *settings.target;
  for (const auto& [name, value] : settings.args) spec.args[name] = value;
  for (const auto& [name, value] : settings.labels) spec.labels[name] = value.exposed();
  if (settings.platforms.size() == 1) spec.platform = settings.platforms.front();
  spec.cache_from = settings.cache_from;
  spec.no_cache = settings.no_cache;
  spec.pull = settings.pull;
  return spec;
}

// By the builder that is asked for; else by the one that can do it.
Result<bool> goes_through_buildx(const BuildSettings& settings, const docker::BuildSpec& spec) {
  if (settings.builder == "buildx") return true;
  if (settings.builder != "auto") return false;
  if (!only_for_buildx(settings).empty()) return true;
  if (spec.dockerfile_text)
    return docker::needs_of_dockerfile(*spec.dockerfile_text, spec.args).session_mounts;
  const Result<std::string> text = dockerfile_in(spec);
  if (!text) return text.failure();
  return docker::needs_of_dockerfile(*text, spec.args).session_mounts;
}

}  // namespace

Result<std::string> build_image(World& world, docker::Engine& engine, const execute::StepRequest& request,
                                const std::vector<Setting>& all, execute::StepContext& context) {
  const BuildSettings settings = build_settings(all);
  const std::string& path = request.graph.node(request.node).path;
  docker::BuildSpec spec = spec_of(settings);
  std::error_code error;
  if (settings.context && !fs::is_directory(spec.context, error))
    return Failure{.message = fmt::format("there is no folder `{}`", spec.context),
                   .causes = {fmt::format("it is the `context` of `{}`", path)},
                   .help = {}};
  spec.auth_for = [&](const std::string& registry) { return registry_login(world, {}, registry, context); };
  const std::string what = fmt::format("could not build `{}`", path);

  const Result<bool> through_buildx = goes_through_buildx(settings, spec);
  if (!through_buildx) return Failure(through_buildx.failure()).within(what);
  if (*through_buildx) {
    if (!spec.dockerfile_text) {
      Result<std::string> text = dockerfile_in(spec);
      if (!text) return std::move(text.failure()).within(what);
      spec.dockerfile_text = std::move(*text);
    }
    Result<std::string> id =
        build_with_buildx(world, engine, request.node, settings, std::move(spec), context);
    if (!id) return std::move(id.failure()).within(what);
    return id;
  }

  ContextImages contexts(world, engine, request.node);
  for (const auto& [name, source] : settings.contexts)
    if (Result<Done> added = contexts.add(name, source, context); !added) return added.failure();
  if (!contexts.by_name().empty()) {
    if (!spec.dockerfile_text) {
      Result<std::string> text = dockerfile_in(spec);
      if (!text) return text.failure();
      spec.dockerfile_text = std::move(*text);
    }
    spec.dockerfile_text = with_context_stages(*spec.dockerfile_text, contexts.by_name());
  }
  Result<std::string> id = docker::build_image(
      engine, spec, [&](const std::string& line) { context.note(line); }, context.stop());
  if (!id) return std::move(id.failure()).within(what);
  return id;
}

}  // namespace cairn::kinds
