// Files into a container before it runs, and out of it afterwards.
#pragma once

#include <string>
#include <vector>

#include "runtime/kinds/process_settings.h"
#include "runtime/kinds/world.h"
#include "runtime/platform/docker/engine.h"

namespace cairn::kinds {

// The setting `files`: each in its place, owned by root; what holds a secret is readable for its owner only.
Result<Done> put_files_of(World& world, NodeId node, const Named<Value>& files, docker::Engine& engine,
                          const std::string& container, execute::StepContext& context);

// As Workload::fetch(): what matches `pattern` is copied below `folder` of this machine.
Result<std::vector<Fetched>> fetch_from(docker::Engine& engine, const std::string& container,
                                        const std::string& pattern, const std::string& folder,
                                        execute::StepContext& context);

}  // namespace cairn::kinds
