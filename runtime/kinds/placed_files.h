// Files that `files` of host processes put into folders of the user: recorded, so that `clean` finds those of
// a run that was killed, and nothing but those.
#pragma once

#include <string>
#include <vector>

#include "runtime/effects/result.h"

namespace cairn::kinds {

// Right after `path` was made; it is known by its inode from then on.
Result<Done> record_placed_file(const std::string& run_folder, const std::string& path);

// Those that are still what was put there.
std::vector<std::string> placed_files(const std::string& run_folder);

}  // namespace cairn::kinds
