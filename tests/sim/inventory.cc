#include "tests/sim/inventory.h"

#include "runtime/platform/docker/identity.h"

namespace cairn::sim {

Inventory inventory(const State& state, const std::string& project, const std::string& run) {
  Inventory found;
  const auto sort_in = [&](const std::string& what, const std::string& name,
                           const std::map<std::string, std::string>& labels, const std::string& detail) {
    const docker::Labels those(labels.begin(), labels.end());
    const docker::Identity identity = docker::identity_in(those);
    const bool ours = docker::owner_of(those, name, project) == docker::Owner::ours &&
                      (run.empty() || identity.run == run || identity.keep);
    if (!ours) {
      found.foreign.push_back(what + " " + name + " " + detail);
      return;
    }
    (identity.keep ? found.kept : found.ours).push_back(what + " " + name);
    if (!identity.run.empty()) found.names_of_runs.push_back(name);
  };
  for (const auto& [id, one] : state.containers)
    sort_in("container", one->name, labels_in(one->config.value("Labels", Json::object())),
            id + one->status + one->config.dump());
  for (const auto& [id, one] : state.networks) sort_in("network", one.name, one.labels, id);
  for (const auto& [name, one] : state.volumes) sort_in("volume", name, one.labels, Json(one.labels).dump());
  return found;
}

}  // namespace cairn::sim
