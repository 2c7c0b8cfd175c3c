// The settings of `image` that say how it is built, typed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/kinds/process_settings.h"

namespace cairn::kinds {

struct BuildSettings {
  std::optional<Path> context;
  std::optional<std::string> dockerfile, dockerfile_inline, target;
  Named<Text> args, labels;
  std::vector<std::string> platforms, ssh, cache_from, cache_to;
  Named<Value> contexts, secrets;
  bool no_cache = false, pull = false;
  std::string builder;
};

// Of settled settings.
BuildSettings build_settings(const std::vector<Setting>& settings);

// The first of the settings that only buildx can do; empty when there is none.
std::string only_for_buildx(const BuildSettings& settings);

// "default", or "name=PATH": PATH as the client needs it, wherever it is started; `folder` is that of the
// block's file.
std::string ssh_with_paths(const std::string& setting, const std::string& folder);

}  // namespace cairn::kinds
