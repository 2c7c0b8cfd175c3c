// Images that `image` blocks have given before: one whose inputs are what they were, and that its engine
// still has, is neither built nor pulled again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/kinds/world.h"
#include "runtime/plan/facts.h"
#include "runtime/platform/docker/engine.h"

namespace cairn::kinds {

// What an image block is made from, by name, as plan::what_changed reads it: its settings, the files of its
// context that .dockerignore leaves (by size and time), and the images that its Dockerfile begins with.
// Of secrets only that there is one. Nothing when it has to be made to be known: from a service, with
// `no_cache` or `pull`.
std::optional<std::string> image_inputs(const Graph& graph, const Sources& sources, NodeId node,
                                        docker::Engine& engine, std::stop_token stop);

struct BuiltImage {
  std::string inputs, id;
  std::vector<std::string> tags;
};
// In the project's `.cairn`, by node and engine (as people know it).
std::optional<BuiltImage> built_image(const std::string& cairn_folder, const std::string& node,
                                      const std::string& engine);
Result<Done> record_built_image(const std::string& cairn_folder, const std::string& node,
                                const std::string& engine, const BuiltImage& image);

// Ours with the id and the inputs of then, when the engine still has it with its tags; Absent else.
plan::Found find_built_image(const std::string& cairn_folder, const std::string& node, docker::Engine& engine,
                             std::stop_token stop);

}  // namespace cairn::kinds
