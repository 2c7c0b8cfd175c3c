// What runs have left on arrays and in pools, for `clean` and `down`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/past_runs.h"

namespace cairn::cli {

enum class Fate { removed, stays, unknown };  // unknown: nobody can say whether its run is alive

// `fate_of`: by the last part of a run's id; empty: of an `up`. To be called when what engines have is gone:
// they mount it. Asking an array takes a sign-in, with `dry_run` too; nothing is changed then. `looks`: at
// the engines, on whose machines pools may be.
void remove_from_storage(const ProjectPlace& project, const std::vector<PastRun>& runs,
                         const std::vector<kinds::EngineLook>& looks,
                         const std::function<Fate(const std::string& run)>& fate_of, bool dry_run,
                         Removed& removed);

}  // namespace cairn::cli
