// Further contexts of a build, for every builder of an engine: images that the Dockerfile's stages are.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/kinds/world.h"
#include "runtime/platform/docker/engine.h"

namespace cairn::kinds {

// What the journal calls the tag that a further context stands under while an image is built.
inline constexpr std::string_view build_context_noun = "build context";

// The tags, which go with this.
class ContextImages {
 public:
  ContextImages(World& world, docker::Engine& engine, NodeId node)
      : world_(world), engine_(engine), node_(node) {}
  ~ContextImages();
  ContextImages(const ContextImages&) = delete;
  ContextImages& operator=(const ContextImages&) = delete;

  // `source`: an image of the file, or a folder, of which one is made.
  Result<Done> add(const std::string& name, const Value& source, execute::StepContext& context);
  const std::vector<std::pair<std::string, std::string>>& by_name() const { return by_name_; }

 private:
  World& world_;
  docker::Engine& engine_;
  const NodeId node_;
  std::vector<std::pair<std::string, std::string>> by_name_;
};

// A Dockerfile in which each named context is a stage, put before its first FROM (after the ARGs that FROM
// may use): `COPY --from=NAME` then finds it with every builder, without a session.
std::string with_context_stages(const std::string& dockerfile,
                                const std::vector<std::pair<std::string, std::string>>& image_by_name);
// How many lines stand before them.
int lines_before_stages(const std::string& dockerfile);

}  // namespace cairn::kinds
