#include <algorithm>

#include "runtime/array/simulator/views.h"

namespace cairn::array::simulator {
namespace {

using nlohmann::json;

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    parts.emplace_back(part);
  }
  // A volume group's member has a slash of its own: "volume/group/name".
  return parts;
}

json or_null(const std::string& text) {
  return text.empty() ? json(nullptr) : json(text);
}

json shown(const State& state, const StoredVolume& volume, bool pending) {
  json item = {{"name", volume.name},
               {"serial", volume.serial},
               {"size", volume.size},
               {"created", iso_time(volume.created)},
               {"source", or_null(volume.source)}};
  if (pending) {
    item["time_remaining"] =
        volume.destroyed ? json(state.remaining(volume.destroyed) / 1000) : json(nullptr);
  }
  return item;
}

json shown(State& state, const StoredSnapshot& snapshot, bool pending) {
  json item = {{"name", state.name_of(snapshot)},
               {"serial", snapshot.serial},
               {"size", snapshot.size},
               {"created", iso_time(snapshot.created)},
               {"source", state.with_id(snapshot.volume_id)->name}};
  if (pending) {
    item["time_remaining"] =
        snapshot.destroyed ? json(state.remaining(snapshot.destroyed) / 1000) : json(nullptr);
  }
  return item;
}

json shown(const StoredHost& host) {
  return {{"name", host.name},
          {"iqn", host.iqns},
          {"wwn", host.wwns},
          {"nqn", host.nqns},
          {"hgroup", or_null(host.host_group)}};
}

json shown(State& state, const StoredGroup& group) {
  json members = json::array();
  for (const std::string& id : group.volume_ids) members.push_back(state.with_id(id)->name);
  return {{"name", group.name}, {"source", state.settings.name},
          {"hosts", nullptr},   {"hgroups", nullptr},
          {"targets", nullptr}, {"volumes", members.empty() ? json(nullptr) : members}};
}

// Pages by the number of items already given; the token is opaque to clients. A page that was asked for by
// `limit` has a token even when it is the last: the vendor's client reads on until a page is empty.
Answer page(const State& state, std::vector<json> items, const json& parameters) {
  const std::size_t from = static_cast<std::size_t>(amount(parameters, "token", 0));
  const std::size_t limit = static_cast<std::size_t>(amount(parameters, "limit", state.settings.page));
  json list = json::array();
  for (std::size_t i = from; i < items.size() && list.size() < limit; ++i)
    list.push_back(std::move(items[i]));
  const bool more = from + limit < items.size() || (has(parameters, "limit") && !list.empty());
  Answer answer = json_answer(200, list);
  if (limit > 0 && more) {
    answer.headers.emplace_back("x-next-token", std::to_string(from + limit));
  }
  return answer;
}

bool listed_by(bool destroyed, const json& parameters) {
  if (flag(parameters, "pending_only")) return destroyed;
  return !destroyed || flag(parameters, "pending");
}

Answer list_volumes(State& state, const json& parameters, const std::string& snapshots_of) {
  const bool pending = flag(parameters, "pending") || flag(parameters, "pending_only");
  const bool snapshots = flag(parameters, "snap");
  const std::vector<std::string> names = words(parameters, "names");
  std::vector<json> items;
  std::vector<bool> found(names.size());
  const auto wanted = [&](const std::string& name, const std::string& owner) {
    bool any = names.empty();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!matches(names[i], name) && (owner.empty() || !matches(names[i], owner))) continue;
      found[i] = true;
      any = true;
    }
    return any;
  };
  if (snapshots) {
    for (const StoredSnapshot& snapshot : state.snapshots) {
      const std::string owner = state.with_id(snapshot.volume_id)->name;
      if (!snapshots_of.empty() && !matches(snapshots_of, owner)) continue;
      if (!listed_by(snapshot.destroyed.has_value(), parameters)) continue;
      if (wanted(state.name_of(snapshot), owner)) items.push_back(shown(state, snapshot, pending));
    }
  } else {
    for (const StoredVolume& volume : state.volumes) {
      if (!listed_by(volume.destroyed.has_value(), parameters)) continue;
      if (wanted(volume.name, {})) items.push_back(shown(state, volume, pending));
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (found[i] || names[i].find('*') != std::string::npos) continue;
    throw Refusal{names[i], snapshots ? "No such volume or snapshot." : "Volume does not exist."};
  }
  return page(state, std::move(items), parameters);
}

Answer volume_connections(State& state, const std::string& name) {
  const StoredVolume& volume = state.live(name);
  json list = json::array();
  for (const StoredConnection& connection : state.connections_of(volume.id)) {
    json item = {{"name", volume.name}, {"lun", connection.lun}, {"size", volume.size}};
    item[connection.host.empty() ? "hgroup" : "host"] =
        connection.host.empty() ? connection.host_group : connection.host;
    list.push_back(std::move(item));
  }
  return json_answer(200, list);
}

Answer one_volume(State& state, const std::string& method, const std::string& name, const json& parameters) {
  const bool is_snapshot = name.find('.') != std::string::npos;
  if (method == "GET") {
    if (flag(parameters, "snap")) return list_volumes(state, parameters, name);
    if (is_snapshot) {
      const StoredSnapshot* const snapshot = state.find_snapshot(name);
      if (snapshot == nullptr) throw Refusal{name, "No such volume or snapshot."};
      return json_answer(200, shown(state, *snapshot, flag(parameters, "pending")));
    }
    const StoredVolume* const volume = state.find(name);
    if (volume == nullptr || !listed_by(volume->destroyed.has_value(), parameters)) {
      throw Refusal{name, "Volume does not exist."};
    }
    return json_answer(200, shown(state, *volume, flag(parameters, "pending")));
  }
  if (method == "POST") {
    if (!has(parameters, "source")) {
      return json_answer(200, shown(state, state.create(name, amount(parameters, "size", 0)), false));
    }
    return json_answer(
        200,
        shown(state, state.copy(word(parameters, "source"), name, flag(parameters, "overwrite")), false));
  }
  if (method == "PUT") {
    if (word(parameters, "action") == "recover") {
      is_snapshot ? state.recover_snapshot(name) : state.recover(name);
      return json_answer(200, {{"name", name}});
    }
    if (has(parameters, "name")) {
      const std::string to = word(parameters, "name");
      if (is_snapshot) {
        const std::size_t dot = to.rfind('.');
        const StoredSnapshot& renamed =
            state.rename_snapshot(name, dot == std::string::npos ? to : to.substr(dot + 1));
        return json_answer(200, {{"name", state.name_of(renamed)}});
      }
      return json_answer(200, {{"name", state.rename(name, to).name}});
    }
    if (has(parameters, "size")) {
      const StoredVolume& volume =
          state.resize(name, amount(parameters, "size", 0), flag(parameters, "truncate"));
      return json_answer(200, {{"name", volume.name}, {"size", volume.size}});
    }
    if (has(parameters, "container")) {
      const std::string container = word(parameters, "container");
      const bool pod = std::find(state.pods.begin(), state.pods.end(), container) != state.pods.end();
      std::string plain = name.substr(name.find('/') == std::string::npos ? 0 : name.find('/') + 1);
      if (plain.find("::") != std::string::npos) plain = plain.substr(plain.find("::") + 2);
      const std::string to = container.empty() ? plain : container + (pod ? "::" : "/") + plain;
      return json_answer(200, shown(state, state.rename(name, to), false));
    }
    throw Refusal{name, "Nothing to change."};
  }
  if (flag(parameters, "eradicate")) {
    is_snapshot ? state.eradicate_snapshot(name) : state.eradicate(name);
  } else {
    is_snapshot ? state.destroy_snapshot(name) : state.destroy(name);
  }
  return json_answer(200, {{"name", name}});
}

Answer volumes(State& state, const std::string& method, std::vector<std::string> parts,
               const json& parameters) {
  if (parts.size() == 1) {
    if (method == "GET") return list_volumes(state, parameters, {});
    if (method != "POST" || !flag(parameters, "snap")) throw Refusal{"volume", "Invalid request."};
    json list = json::array();
    const std::vector<std::string> sources = words(parameters, "source");
    for (const std::string& source : sources) (void)state.live(source);
    for (const std::string& source : sources) {
      list.push_back(shown(state, state.snapshot(source, word(parameters, "suffix")), false));
    }
    return json_answer(200, list);
  }
  const auto is_group = [&](const std::string& name) {
    return std::find(state.volume_groups.begin(), state.volume_groups.end(), name) !=
           state.volume_groups.end();
  };
  if (parts.size() > 2 && is_group(parts[1])) {
    parts[1] += "/" + parts[2];
    parts.erase(parts.begin() + 2);
  }
  const std::string& name = parts[1];
  if (parts.size() == 2) return one_volume(state, method, name, parameters);
  if (parts[2] == "host" || parts[2] == "hgroup") return volume_connections(state, name);
  if (parts[2] == "pgroup" && parts.size() == 4 && method == "POST") {
    state.add_to_group(parts[3], name);
    return json_answer(200, {{"name", name}, {"protection_group", parts[3]}});
  }
  if (parts[2] == "tags") {
    StoredVolume& volume = state.live(name);
    if (method == "PUT" || method == "POST") volume.tags[word(parameters, "key")] = word(parameters, "value");
    if (method == "DELETE") volume.tags.erase(word(parameters, "key"));
    json list = json::array();
    for (const auto& [key, value] : volume.tags) {
      list.push_back({{"name", volume.name}, {"key", key}, {"value", value}});
    }
    return json_answer(200, list);
  }
  throw Refusal{name, "Invalid request."};
}

Answer hosts(State& state, const std::string& method, const std::vector<std::string>& parts,
             const json& parameters) {
  if (parts.size() == 1) {
    const std::vector<std::string> names = words(parameters, "names");
    std::vector<json> items;
    for (const StoredHost& host : state.hosts) {
      if (names.empty() || std::any_of(names.begin(), names.end(),
                                       [&](const std::string& name) { return matches(name, host.name); })) {
        items.push_back(shown(host));
      }
    }
    if (!names.empty() && items.empty() && names.front().find('*') == std::string::npos) {
      throw Refusal{names.front(), "Host does not exist."};
    }
    return page(state, std::move(items), parameters);
  }
  const std::string& name = parts[1];
  if (parts.size() == 2) {
    if (method == "POST") {
      return json_answer(200, shown(state.create_host({name,
                                                       words(parameters, "iqnlist"),
                                                       words(parameters, "wwnlist"),
                                                       words(parameters, "nqnlist"),
                                                       {}})));
    }
    if (method == "DELETE") {
      state.delete_host(name);
      return json_answer(200, {{"name", name}});
    }
    return json_answer(200, shown(state.host(name)));
  }
  if (parts.size() == 3) {
    (void)state.host(name);
    json list = json::array();
    for (const StoredConnection& connection : state.connections) {
      if (connection.host != name) continue;
      list.push_back({{"name", name},
                      {"vol", state.with_id(connection.volume_id)->name},
                      {"lun", connection.lun},
                      {"hgroup", nullptr}});
    }
    return json_answer(200, list);
  }
  if (method == "POST") {
    const StoredConnection& made =
        state.connect(name, {}, parts[3], static_cast<int>(amount(parameters, "lun", 0)));
    return json_answer(200, {{"name", name}, {"vol", parts[3]}, {"lun", made.lun}});
  }
  state.disconnect(name, {}, parts[3]);
  return json_answer(200, {{"name", name}, {"vol", parts[3]}});
}

Answer host_groups(State& state, const std::string& method, const std::vector<std::string>& parts,
                   const json& parameters) {
  if (parts.size() == 1) {
    std::vector<json> items;
    for (const auto& [name, members] : state.host_groups)
      items.push_back({{"name", name}, {"hosts", members}});
    return page(state, std::move(items), parameters);
  }
  const std::string& name = parts[1];
  if (parts.size() == 2) {
    if (method == "POST") state.create_host_group(name, words(parameters, "hostlist"));
    if (method == "DELETE") {
      state.delete_host_group(name);
      return json_answer(200, {{"name", name}});
    }
    if (!state.host_groups.contains(name)) throw Refusal{name, "Host group does not exist."};
    return json_answer(200, {{"name", name}, {"hosts", state.host_groups[name]}});
  }
  if (parts.size() == 4 && method == "POST") {
    const StoredConnection& made =
        state.connect({}, name, parts[3], static_cast<int>(amount(parameters, "lun", 0)));
    return json_answer(200, {{"name", name}, {"vol", parts[3]}, {"lun", made.lun}});
  }
  if (parts.size() == 4 && method == "DELETE") {
    state.disconnect({}, name, parts[3]);
    return json_answer(200, {{"name", name}, {"vol", parts[3]}});
  }
  throw Refusal{name, "Invalid request."};
}

Answer groups(State& state, const std::string& method, const std::vector<std::string>& parts,
              const json& parameters) {
  if (parts.size() == 1 && method == "POST" && flag(parameters, "snap")) {
    json list = json::array();
    for (const std::string& source : words(parameters, "source")) {
      const std::vector<std::string> made = state.snapshot_group(source, word(parameters, "suffix"));
      std::string name = source;
      for (const StoredSnapshot& snapshot : state.snapshots) {
        if (!made.empty() && snapshot.id == made.front()) name = snapshot.group;
      }
      list.push_back({{"name", name}, {"source", source}, {"created", iso_time(state.now)}});
    }
    return json_answer(200, list);
  }
  if (parts.size() == 1) {
    std::vector<json> items;
    for (const StoredGroup& group : state.groups) items.push_back(shown(state, group));
    return page(state, std::move(items), parameters);
  }
  if (method == "POST")
    return json_answer(200, shown(state, state.create_group(parts[1], words(parameters, "vollist"))));
  if (method == "DELETE") {
    state.delete_group(parts[1]);
    return json_answer(200, {{"name", parts[1]}});
  }
  for (const StoredGroup& group : state.groups) {
    if (group.name == parts[1]) return json_answer(200, shown(state, group));
  }
  throw Refusal{parts[1], "Protection group does not exist."};
}

Answer containers(State& state, const std::string& method, const std::vector<std::string>& parts,
                  const json& parameters) {
  const bool pod = parts[0] == "pod";
  if (parts.size() == 1) {
    std::vector<json> items;
    for (const std::string& name : pod ? state.pods : state.volume_groups) items.push_back({{"name", name}});
    return page(state, std::move(items), parameters);
  }
  if (method == "POST") state.create_container(parts[1], pod);
  if (method == "DELETE") state.delete_container(parts[1], pod);
  return json_answer(200, {{"name", parts[1]}});
}

}  // namespace

Answer view_1(State& state, const std::string& method, const std::string& path, const json& parameters) {
  const std::vector<std::string> parts = parts_of(path);
  const std::string what = parts.empty() ? "" : parts[0];
  if (what == "volume") return volumes(state, method, parts, parameters);
  if (what == "host") return hosts(state, method, parts, parameters);
  if (what == "hgroup") return host_groups(state, method, parts, parameters);
  if (what == "pgroup") return groups(state, method, parts, parameters);
  if (what == "pod" || what == "vgroup") return containers(state, method, parts, parameters);
  if (what == "array") {
    if (flag(parameters, "controllers")) {
      return json_answer(200, json::array({{{"mode", "primary"},
                                            {"model", "FA-SIM"},
                                            {"name", "CT0"},
                                            {"status", "ready"},
                                            {"version", state.settings.purity}}}));
    }
    return json_answer(200, {{"array_name", state.settings.name},
                             {"id", state.settings.id},
                             {"revision", "simulator"},
                             {"version", state.settings.purity}});
  }
  if (what == "message") {
    json list = json::array();
    std::uint64_t id = 0;
    for (const Deed& deed : state.audit) {
      list.push_back({{"id", ++id},
                      {"user", deed.user},
                      {"details", deed.command},
                      {"opened", iso_time(deed.when)},
                      {"event", "audit"}});
    }
    return json_answer(200, list);
  }
  throw Refusal{path, "Invalid request: no such resource."};
}

}  // namespace cairn::array::simulator
