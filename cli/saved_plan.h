// A plan in a file: `plan --out FILE`, to be looked at and then carried out by `run --plan FILE` as it was,
// or not at all.
#pragma once

#include <string>

#include "cli/planned.h"

namespace cairn::cli {

// Writes what was asked for, the params, what the file said, and what is to be done. False after complaining.
bool save_plan(const std::string& path, const Planned& planned, Invocation& invocation);

// Reads it, plans again, and compares; `up`: which command asks. False after complaining: it cannot be read,
// it is the other command's, or something has changed meanwhile, which is named.
bool load_saved_plan(const std::string& path, bool up, Planned& planned, Invocation& invocation);

}  // namespace cairn::cli
