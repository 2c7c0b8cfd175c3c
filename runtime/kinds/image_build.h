// `image { context = … }`: a build, with further contexts as stages of their own.
#pragma once

#include "runtime/kinds/settled.h"
#include "runtime/platform/docker/engine.h"

namespace cairn::kinds {

// What the journal calls the tag that a further context stands under while an image is built.
inline constexpr std::string_view build_context_noun = "build context";

// The id of the image that was built.
Result<std::string> build_image(World& world, docker::Engine& engine, const execute::StepRequest& request,
                                const std::vector<Setting>& settings, execute::StepContext& context);

// A Dockerfile in which each named context is a stage, put before its first FROM (after the ARGs that FROM
// may use): `COPY --from=NAME` then finds it with every builder, without a session.
std::string with_context_stages(const std::string& dockerfile,
                                const std::vector<std::pair<std::string, std::string>>& image_by_name);

}  // namespace cairn::kinds
