// The variables that a process in a container is given.
#pragma once

#include <map>
#include <string>

#include "interpreter/text.h"
#include "runtime/effects/result.h"
#include "runtime/kinds/process_settings.h"

namespace cairn::kinds {

// `env_file`s in their order, then `env`, which wins. Lines of `NAME=value`; empty ones and those that begin
// with # say nothing. A Failure names the file that cannot be read.
Result<std::map<std::string, Text>> environment_of(const ProcessSettings& settings);

}  // namespace cairn::kinds
