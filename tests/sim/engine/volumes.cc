#include "tests/sim/engine/volumes.h"

#include <fmt/format.h>

namespace cairn::sim {
namespace {

Json shown(const Volume& volume) {
  return {{"Name", volume.name},
          {"Driver", volume.driver},
          {"Mountpoint", "/var/lib/docker/volumes/" + volume.name + "/_data"},
          {"CreatedAt", stamp(volume.created)},
          {"Labels", volume.labels},
          {"Options", volume.options},
          {"Scope", "local"}};
}

}  // namespace

Reply create_volume(State& state, const Asked& asked) {
  const Json body = Json::parse(asked.body, nullptr, false);
  if (!body.is_object()) return refused(400, "invalid JSON");
  std::string name = body.value("Name", "");
  if (name.empty()) name = state.new_id();
  const auto [found, is_new] = state.volumes.try_emplace(name);
  Volume& volume = found->second;
  if (is_new) {
    volume.name = name;
    volume.driver = body.value("Driver", std::string("local"));
    volume.labels = labels_in(body.value("Labels", Json::object()));
    volume.options = body.value("DriverOpts", Json());
    volume.created = state.wall();
  }
  return answered(201, shown(volume));
}

Reply list_volumes(State& state, const Asked& asked) {
  Json filters = Json::parse(asked.of("filters"), nullptr, false);
  if (!filters.is_object()) filters = Json::object();
  Json all = Json::array();
  for (const auto& [name, volume] : state.volumes)
    if (has_labels(volume.labels, filters)) all.push_back(shown(volume));
  return answered(200, {{"Volumes", all}, {"Warnings", Json()}});
}

Reply inspect_volume(State& state, const std::string& name) {
  const auto found = state.volumes.find(name);
  if (found == state.volumes.end()) return refused(404, fmt::format("get {0}: no such volume", name));
  return answered(200, shown(found->second));
}

Reply remove_volume(State& state, const std::string& name) {
  if (!state.volumes.contains(name)) return refused(404, fmt::format("get {0}: no such volume", name));
  for (const auto& [id, container] : state.containers)
    for (const Mount& mount : container->mounts)
      if (mount.type == "volume" && mount.source == name)
        return refused(409, fmt::format("remove {}: volume is in use - [{}]", name, id));
  state.volumes.erase(name);
  return {204, {}, {}, {}};
}

}  // namespace cairn::sim
