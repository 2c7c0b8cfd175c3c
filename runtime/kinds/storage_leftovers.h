// What runs have left where no engine's labels lead: volumes and snapshots of arrays, folders of pools. Found
// by their names, which carry the run's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/http/client.h"
#include "runtime/platform/docker/engine.h"

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
  // Of those runs, the ones whose copies are to go; and the engines to look for them on, by
  // docker::Endpoint::shown (null: it is not there). Null itself: nothing is to be changed, not even by
  // starting an agent, and only where to look is told.
  std::vector<std::string> ended_run_folders = {};
  std::function<docker::Engine*(const std::string& shown)> engine = {};
};

struct StorageLook {
  std::vector<StorageLeftover> left;               // clones before what they are from
  std::vector<std::string> unreachable;            // arrays and engines that cannot be asked, and why
  std::vector<std::shared_ptr<void>> agents = {};  // by which some are removed; they end with this
};

// All that the project has there, of runs that live as well. Reads only.
StorageLook look_at_storage(http::HttpClient& http, Clock& clock, const StorageQuestion& question,
                            std::stop_token stop);

}  // namespace cairn::kinds
