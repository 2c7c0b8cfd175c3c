// Which clones and snapshots an `up` has finished: a second one leaves them as they are, and does not take
// one that was begun for one that is there.
#pragma once

#include <optional>
#include <string>

#include "runtime/kinds/world.h"

namespace cairn::kinds {

// Of the project, until `down --volumes`.
std::string folder_of_made_copies(const std::string& project_folder);

// `born`: when the object was made, as its engine or array says; another one of that name has another.
Result<Done> record_made_copy(const World& world, NodeId node, const std::string& name,
                              const std::string& born);
bool is_made_copy(const World& world, NodeId node, const std::string& name, const std::string& born);

}  // namespace cairn::kinds
