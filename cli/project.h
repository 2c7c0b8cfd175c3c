// Names and sizes that follow from where a project is and what machine this is.
#pragma once

#include <string>

#include "runtime/plan/lanes.h"

namespace cairn::cli {

// "shop-1a2b3c": the folder's name, and a hash of this machine and the folder's real path, so that two
// checkouts never meet on one engine.
std::string project_name(const std::string& project_folder);

// Of the terminal on standard output; 100 when it is none.
std::size_t terminal_columns();

}  // namespace cairn::cli
