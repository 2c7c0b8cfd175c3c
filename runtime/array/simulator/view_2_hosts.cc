// Hosts, host groups, connections, pods, volume groups and protection groups of REST 2.x.
#include <algorithm>

#include "runtime/array/simulator/views.h"

namespace cairn::array::simulator {
namespace {

using nlohmann::json;

json shown(const State& state, const StoredHost& host) {
  const auto count = std::count_if(state.connections.begin(), state.connections.end(),
                                   [&](const StoredConnection& one) { return one.host == host.name; });
  json item = {{"name", host.name},           {"iqns", host.iqns}, {"wwns", host.wwns},
               {"nqns", host.nqns},           {"is_local", true},  {"connection_count", count},
               {"host_group", json::object()}};
  if (!host.host_group.empty()) item["host_group"] = {{"name", host.host_group}};
  return item;
}

json shown(State& state, const StoredConnection& connection) {
  const StoredVolume* const volume = state.with_id(connection.volume_id);
  json item = {{"volume", {{"name", volume->name}, {"id", volume->id}}}, {"lun", connection.lun}};
  item["host"] = connection.host.empty() ? json::object() : json{{"name", connection.host}};
  item["host_group"] = connection.host_group.empty() ? json::object() : json{{"name", connection.host_group}};
  return item;
}

Answer hosts(State& state, const std::string& method, const json& parameters) {
  std::vector<json> items;
  if (method == "GET") {
    for (const StoredHost& host : state.hosts) items.push_back(shown(state, host));
    return listed(state, std::move(items), parameters);
  }
  for (const std::string& name : words(parameters, "names")) {
    if (method == "DELETE") {
      state.delete_host(name);
    } else if (method == "POST") {
      items.push_back(shown(
          state,
          state.create_host(
              {name, words(parameters, "iqns"), words(parameters, "wwns"), words(parameters, "nqns"), {}})));
    } else {
      StoredHost& host = state.host(name);
      if (has(parameters, "iqns")) host.iqns = words(parameters, "iqns");
      if (has(parameters, "wwns")) host.wwns = words(parameters, "wwns");
      if (has(parameters, "nqns")) host.nqns = words(parameters, "nqns");
      items.push_back(shown(state, host));
    }
  }
  return method == "DELETE" ? empty_answer() : items_answer(std::move(items));
}

Answer connections(State& state, const std::string& method, const json& parameters) {
  const std::vector<std::string> hosts_wanted = words(parameters, "host_names");
  const std::vector<std::string> groups_wanted = words(parameters, "host_group_names");
  const std::vector<std::string> volumes_wanted = words(parameters, "volume_names");
  std::vector<json> items;
  if (method == "GET") {
    for (const std::string& name : volumes_wanted) {
      if (state.find(name) == nullptr) throw Refusal{name, "Volume does not exist."};
    }
    for (const std::string& name : hosts_wanted) (void)state.host(name);
    const auto wanted = [](const std::vector<std::string>& names, const std::string& name) {
      return names.empty() || std::any_of(names.begin(), names.end(),
                                          [&](const std::string& one) { return matches(one, name); });
    };
    for (const StoredConnection& connection : state.connections) {
      if (wanted(hosts_wanted, connection.host) && wanted(groups_wanted, connection.host_group) &&
          wanted(volumes_wanted, state.with_id(connection.volume_id)->name)) {
        items.push_back(shown(state, connection));
      }
    }
    return listed(state, std::move(items), parameters);
  }
  if (volumes_wanted.empty() || hosts_wanted.empty() == groups_wanted.empty()) {
    throw Refusal{"volume_names", "A volume and either a host or a host group are required."};
  }
  const int lun = static_cast<int>(amount(parameters, "lun", 0));
  for (const std::string& volume : volumes_wanted) {
    for (const std::string& name : hosts_wanted.empty() ? groups_wanted : hosts_wanted) {
      const std::string host = hosts_wanted.empty() ? "" : name;
      const std::string group = hosts_wanted.empty() ? name : "";
      if (method == "DELETE") {
        state.disconnect(host, group, volume);
      } else {
        items.push_back(shown(state, state.connect(host, group, volume, lun)));
      }
    }
  }
  return method == "DELETE" ? empty_answer() : items_answer(std::move(items));
}

Answer host_groups(State& state, const std::string& method, const json& parameters) {
  std::vector<json> items;
  if (method == "GET") {
    for (const auto& [name, members] : state.host_groups) {
      items.push_back({{"name", name}, {"host_count", members.size()}, {"is_local", true}});
    }
    return listed(state, std::move(items), parameters);
  }
  for (const std::string& name : words(parameters, "names")) {
    if (method == "DELETE") {
      state.delete_host_group(name);
    } else {
      state.create_host_group(name, {});
      items.push_back({{"name", name}, {"host_count", 0}, {"is_local", true}});
    }
  }
  return method == "DELETE" ? empty_answer() : items_answer(std::move(items));
}

Answer containers(State& state, const std::string& method, bool pod, const json& parameters) {
  std::vector<json> items;
  const auto shown_container = [&](const std::string& name) {
    json item = {{"name", name}, {"id", name + "-id"}, {"destroyed", false}};
    return item;
  };
  if (method == "GET") {
    for (const std::string& name : pod ? state.pods : state.volume_groups)
      items.push_back(shown_container(name));
    return listed(state, std::move(items), parameters);
  }
  for (const std::string& name : words(parameters, "names")) {
    if (method == "DELETE") {
      state.delete_container(name, pod);
    } else if (method == "POST") {
      state.create_container(name, pod);
      items.push_back(shown_container(name));
    } else {
      items.push_back(shown_container(name));
    }
  }
  return method == "DELETE" ? empty_answer() : items_answer(std::move(items));
}

Answer groups(State& state, const std::string& method, const json& parameters) {
  std::vector<json> items;
  const auto shown_group = [](const StoredGroup& group) {
    return json{{"name", group.name},
                {"id", group.name + "-id"},
                {"destroyed", false},
                {"volume_count", group.volume_ids.size()}};
  };
  if (method == "GET") {
    for (const StoredGroup& group : state.groups) items.push_back(shown_group(group));
    return listed(state, std::move(items), parameters);
  }
  for (const std::string& name : words(parameters, "names")) {
    if (method == "DELETE") {
      state.delete_group(name);
    } else {
      items.push_back(shown_group(state.create_group(name, {})));
    }
  }
  return method == "DELETE" ? empty_answer() : items_answer(std::move(items));
}

Answer group_members(State& state, const std::string& method, const json& parameters) {
  std::vector<json> items;
  if (method == "POST") {
    for (const std::string& group : words(parameters, "group_names")) {
      for (const std::string& member : words(parameters, "member_names")) state.add_to_group(group, member);
    }
  }
  for (const StoredGroup& group : state.groups) {
    for (const std::string& id : group.volume_ids) {
      items.push_back(
          {{"group", {{"name", group.name}}}, {"member", {{"name", state.with_id(id)->name}, {"id", id}}}});
    }
  }
  return listed(state, std::move(items), parameters);
}

Answer group_snapshots(State& state, const std::string& method, const json& parameters) {
  std::vector<json> items;
  if (method == "POST") {
    for (const std::string& group : words(parameters, "source_names")) {
      const std::vector<std::string> made = state.snapshot_group(group, word(parameters, "suffix"));
      if (made.empty()) throw Refusal{group, "Protection group has no volumes."};
    }
  }
  std::vector<std::string> seen;
  for (const StoredSnapshot& snapshot : state.snapshots) {
    if (snapshot.group.empty() || std::find(seen.begin(), seen.end(), snapshot.group) != seen.end()) continue;
    seen.push_back(snapshot.group);
    items.push_back({{"name", snapshot.group},
                     {"id", snapshot.group + "-id"},
                     {"suffix", snapshot.suffix},
                     {"created", snapshot.created},
                     {"destroyed", snapshot.destroyed.has_value()}});
  }
  return listed(state, std::move(items), parameters);
}

}  // namespace

bool view_2_of_hosts(State& state, const std::string& method, const std::string& path, const json& parameters,
                     Answer& answer) {
  if (path == "hosts") {
    answer = hosts(state, method, parameters);
  } else if (path == "connections") {
    answer = connections(state, method, parameters);
  } else if (path == "host-groups") {
    answer = host_groups(state, method, parameters);
  } else if (path == "pods" || path == "volume-groups") {
    answer = containers(state, method, path == "pods", parameters);
  } else if (path == "protection-groups") {
    answer = groups(state, method, parameters);
  } else if (path == "protection-groups/volumes") {
    answer = group_members(state, method, parameters);
  } else if (path == "protection-group-snapshots") {
    answer = group_snapshots(state, method, parameters);
  } else {
    return false;
  }
  return true;
}

}  // namespace cairn::array::simulator
