// Volumes. Creating one that exists succeeds silently on every engine and answers with the *existing* one's
// labels: whose it is, is read from those.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/identity.h"

namespace cairn::docker {

struct VolumeSpec {
  Identity identity;
  std::string driver;  // empty: "local"
  std::map<std::string, std::string> driver_opts;
  Labels labels;
};

struct VolumeFacts {
  std::string name, driver, mountpoint, created;
  Labels labels;
  std::map<std::string, std::string> options;  // as it was created: what a driver makes of them is its affair
};

struct CreatedVolume {
  VolumeFacts facts;
  bool existed = false;  // it was there before, and ours
};

Result<CreatedVolume> create_volume(Engine& engine, const VolumeSpec& spec, std::stop_token stop);
// Nothing: there is none.
Result<std::optional<VolumeFacts>> inspect_volume(Engine& engine, const std::string& volume,
                                                  std::stop_token stop);
Result<std::vector<VolumeFacts>> list_volumes(Engine& engine, const std::vector<std::string>& labels,
                                              std::stop_token stop);
// One that is gone is fine; one in use is a Failure.
Result<> remove_volume(Engine& engine, const std::string& volume, std::stop_token stop);

}  // namespace cairn::docker
