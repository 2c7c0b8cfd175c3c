// What runs have left where no engine's labels lead: volumes and snapshots of arrays, folders of pools. Found
// by their names, which carry the run's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/http/client.h"

namespace cairn::kinds {

struct StorageLeftover {
  std::string what, name, where;  // "array volume" "ca-docker-cairn-…" on "the array at 10.0.0.5"
  std::string run;                // the last part of a run's id; empty: of an `up`
  // Success with a text: it could be destroyed, and this is why it is still there.
  std::function<Result<std::string>()> remove;
};

struct StorageQuestion {
  std::string project;
  std::vector<std::string> run_folders;  // of all runs of the project that are known, oldest first
  // The token of an array from where the file had it: "env:X", "file:P".
  std::function<std::optional<std::string>(const std::string& place)> secret;
};

struct StorageLook {
  std::vector<StorageLeftover> left;     // clones before what they are from
  std::vector<std::string> unreachable;  // arrays that cannot be asked, and why
};

// All that the project has there, of runs that live as well. Reads only.
StorageLook look_at_storage(http::HttpClient& http, Clock& clock, const StorageQuestion& question,
                            std::stop_token stop);

}  // namespace cairn::kinds
