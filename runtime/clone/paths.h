// The paths of a tree, and where links lead.
#pragma once

#include <string>
#include <vector>

#include "runtime/effects/result.h"

namespace cairn::clone {

// Every path below, sorted, "" first; symbolic links are not followed.
Result<std::vector<std::string>> paths_of(const std::string& root);

// Empty when it is none, or may not be read.
std::string read_link(const std::string& path);

// Absolute, without links as far as it exists; as it was given when that cannot be told.
std::string canonical(const std::string& path);

}  // namespace cairn::clone
