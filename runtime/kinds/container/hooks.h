// `post_start` and `pre_stop`: commands that are run inside of a container that runs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "interpreter/value.h"
#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/frames.h"
#include "runtime/platform/docker/identity.h"

namespace cairn::kinds {

// The container's label that says its `pre_stop`, for commands that have no file: a list of lists of texts,
// as JSON.
inline constexpr const char* pre_stop_label = "dev.cairn.pre_stop";
std::string pre_stop_in_label(const std::vector<Value>& commands);

// One after the other, as what `setting` of `node` says; the first that fails ends them. Two minutes for
// all, as long as a teardown.
Result<Done> run_hooks(docker::Engine& engine, const std::string& container, const std::string& node,
                       std::string_view setting, const std::vector<std::vector<std::string>>& commands,
                       const std::function<void(const docker::OutputPiece&)>& on_output,
                       std::stop_token stop);

// What a container's labels say of its `pre_stop`. A success when they say nothing.
Result<Done> run_pre_stop_of(docker::Engine& engine, const std::string& container,
                             const docker::Labels& labels, std::stop_token stop);

}  // namespace cairn::kinds
