// Images built by an engine: POST /build, with BuildKit (version=2, no session) or the classic builder.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/text.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/identity.h"
#include "runtime/platform/docker/images.h"

namespace cairn::docker {

struct BuildSpec {
  enum class Builder { buildkit, classic };
  Builder builder = Builder::buildkit;
  std::string context;                         // a folder of this machine
  std::string dockerfile = "Dockerfile";       // relative to the context, or absolute
  std::optional<std::string> dockerfile_text;  // instead
  std::vector<std::string> tags;
  std::string target, platform, network_mode;
  std::map<std::string, Text> args;
  Labels labels;
  std::vector<std::string> cache_from;
  bool no_cache = false;
  bool pull = false;  // ask the registries even for images that are there
  // For a registry of a FROM: X-Registry-Auth (registry_auth.h); empty text: none. May be empty.
  std::function<Result<Text>(const std::string& registry)> auth_for;
};

// The image's id. The images that the Dockerfile starts from are pulled first, with our credentials: BuildKit
// without a session cannot. Secret and ssh mounts need a session: a Failure that says so, before anything is
// sent. A build twice does no harm.
Result<std::string> build_image(Engine& engine, const BuildSpec& spec, const ProgressLine& on_line,
                                std::stop_token stop);

// The files of the context that a build would send, as paths of this machine; empty when there is no such
// folder.
std::vector<std::string> context_files(const BuildSpec& spec);

// What a Dockerfile needs from elsewhere, with its ARGs filled in: FROM, COPY --from, RUN --mount=from, #
// syntax=.
struct DockerfileNeeds {
  std::vector<std::string> images;
  bool session_mounts = false;       // --mount=type=secret or type=ssh
  std::vector<std::string> secrets;  // the ids of the former, as they are written
  bool ssh = false;                  // any of the latter
};
DockerfileNeeds needs_of_dockerfile(const std::string& text, const std::map<std::string, Text>& args);

// Pulls those of the images that the engine lacks; with `spec.pull` all of them.
Result<> pull_bases(Engine& engine, const BuildSpec& spec, const DockerfileNeeds& needs,
                    const ProgressLine& on_line, std::stop_token stop);

}  // namespace cairn::docker
