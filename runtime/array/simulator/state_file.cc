#include "runtime/array/simulator/state_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "runtime/effects/file_descriptor.h"

namespace cairn::array::simulator {
namespace {

using nlohmann::json;

json optional_time(const std::optional<std::int64_t>& time) {
  return time ? json(*time) : json(nullptr);
}
std::optional<std::int64_t> time_in(const json& value) {
  return value.is_null() ? std::nullopt : std::optional<std::int64_t>(value.get<std::int64_t>());
}

}  // namespace

json saved(const State& state) {
  json all = {{"format", 1},
              {"name", state.settings.name},
              {"safe_mode", state.settings.safe_mode},
              {"eradication_delay_ms", state.settings.eradication_delay_ms},
              {"serials", state.serials},
              {"ids", state.ids},
              {"suffixes", state.suffixes},
              {"now", state.now},
              {"host_groups", state.host_groups},
              {"pods", state.pods},
              {"volume_groups", state.volume_groups}};
  json& volumes = all["volumes"] = json::array();
  for (const StoredVolume& v : state.volumes) {
    volumes.push_back({{"name", v.name},
                       {"id", v.id},
                       {"serial", v.serial},
                       {"size", v.size},
                       {"created", v.created},
                       {"source", v.source},
                       {"source_id", v.source_id},
                       {"destroyed", optional_time(v.destroyed)},
                       {"tags", v.tags}});
  }
  json& snapshots = all["snapshots"] = json::array();
  for (const StoredSnapshot& s : state.snapshots) {
    snapshots.push_back({{"suffix", s.suffix},
                         {"id", s.id},
                         {"serial", s.serial},
                         {"volume_id", s.volume_id},
                         {"size", s.size},
                         {"created", s.created},
                         {"destroyed", optional_time(s.destroyed)},
                         {"with_volume", s.with_volume},
                         {"group", s.group}});
  }
  json& hosts = all["hosts"] = json::array();
  for (const StoredHost& h : state.hosts) {
    hosts.push_back({{"name", h.name},
                     {"iqns", h.iqns},
                     {"wwns", h.wwns},
                     {"nqns", h.nqns},
                     {"host_group", h.host_group}});
  }
  json& connections = all["connections"] = json::array();
  for (const StoredConnection& c : state.connections) {
    connections.push_back(
        {{"host", c.host}, {"host_group", c.host_group}, {"volume_id", c.volume_id}, {"lun", c.lun}});
  }
  json& groups = all["groups"] = json::array();
  for (const StoredGroup& g : state.groups) {
    groups.push_back({{"name", g.name}, {"volume_ids", g.volume_ids}, {"created", g.created}});
  }
  return all;
}

void load(const json& all, State& state) {
  state.settings.name = all.at("name");
  state.settings.safe_mode = all.at("safe_mode");
  state.settings.eradication_delay_ms = all.at("eradication_delay_ms");
  state.serials = all.at("serials");
  state.ids = all.at("ids");
  state.suffixes = all.at("suffixes");
  state.now = all.at("now");
  state.host_groups = all.at("host_groups");
  state.pods = all.at("pods");
  state.volume_groups = all.at("volume_groups");
  for (const json& v : all.at("volumes")) {
    state.volumes.push_back({v.at("name"), v.at("id"), v.at("serial"), v.at("size"), v.at("created"),
                             v.at("source"), v.at("source_id"), time_in(v.at("destroyed")), v.at("tags")});
  }
  for (const json& s : all.at("snapshots")) {
    state.snapshots.push_back({s.at("suffix"), s.at("id"), s.at("serial"), s.at("volume_id"), s.at("size"),
                               s.at("created"), time_in(s.at("destroyed")), s.at("with_volume"),
                               s.at("group")});
  }
  for (const json& h : all.at("hosts")) {
    state.hosts.push_back({h.at("name"), h.at("iqns"), h.at("wwns"), h.at("nqns"), h.at("host_group")});
  }
  for (const json& c : all.at("connections")) {
    state.connections.push_back({c.at("host"), c.at("host_group"), c.at("volume_id"), c.at("lun")});
  }
  for (const json& g : all.at("groups")) {
    state.groups.push_back({g.at("name"), g.at("volume_ids"), g.at("created")});
  }
}

Result<> write_state(const State& state, const std::string& path) {
  const auto fail = [&](const std::string& what) {
    return Failure{.message = "could not write the array's state to " + path,
                   .causes = {what + ": " + std::strerror(errno)}};
  };
  const std::string text = saved(state).dump(1) + "\n";
  const std::string beside = path + ".new";
  FileDescriptor file(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.open()) return fail("open");
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t count = write(file.number(), text.data() + at, text.size() - at);
    if (count < 0) return fail("write");
    at += static_cast<std::size_t>(count);
  }
  if (fdatasync(file.number()) != 0) return fail("fdatasync");
  if (rename(beside.c_str(), path.c_str()) != 0) return fail("rename");
  return Done{};
}

Result<bool> read_state(const std::string& path, State& state) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  const json all = json::parse(file, nullptr, false);
  if (!all.is_object() || all.value("format", 0) != 1) {
    return Failure{.message = "could not read the array's state from " + path,
                   .causes = {"it is not a state that this version wrote"},
                   .help = "remove the folder to begin with an empty array"};
  }
  load(all, state);
  return true;
}

}  // namespace cairn::array::simulator
