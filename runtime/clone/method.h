// How the content of a folder or file comes to another place, and which way works between two places: found
// by doing it, never by the name of a file system.
#pragma once

#include <string>

#include "runtime/effects/result.h"

namespace cairn::clone {

enum class Method {
  snapshot,  // of a btrfs subvolume: whole tree at one instant
  reflink,   // each file shares its extents with its source (FICLONE)
  copy,      // every byte again
};
const char* name_of(Method method);

struct Choice {
  Method method = Method::copy;
  std::string why;  // for the plan: "/data and /pool share extents"
};

// `source`: a folder or file that exists; `target_folder`: an existing folder that the clone will be made in.
// Makes and removes a small file in the target; the source is not changed, unless it is an empty folder,
// which holds one for a moment.
Result<Choice> probe_method(const std::string& source, const std::string& target_folder);

bool is_subvolume(const std::string& folder);
Result<> make_subvolume(const std::string& folder);
// `target` must not exist and lie on the same btrfs.
Result<> take_subvolume_snapshot(const std::string& source, const std::string& target);
Result<> remove_subvolume(const std::string& folder);

}  // namespace cairn::clone
