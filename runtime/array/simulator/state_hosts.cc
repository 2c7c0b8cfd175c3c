// Hosts, host groups, connections, pods, volume groups and protection groups.
#include <algorithm>

#include "runtime/array/names.h"
#include "runtime/array/simulator/state.h"

namespace cairn::array::simulator {
namespace {

void check_plain(const std::string& what, const std::string& name) {
  const Result<> checked = check_host_name(name);
  if (!checked.ok())
    throw Refusal{name, what + " name is invalid: " + checked.failure().causes.front() + "."};
}

}  // namespace

StoredHost& State::create_host(StoredHost made) {
  check_plain("Host", made.name);
  for (const StoredHost& there : hosts) {
    if (there.name == made.name) throw Refusal{made.name, "Host already exists."};
    for (const auto& [ours, theirs] : {std::pair{&made.iqns, &there.iqns}, {&made.wwns, &there.wwns}}) {
      for (const std::string& port : *ours) {
        if (std::find(theirs->begin(), theirs->end(), port) != theirs->end()) {
          throw Refusal{port, "The specified port is already in use."};
        }
      }
    }
  }
  hosts.push_back(std::move(made));
  return hosts.back();
}

void State::delete_host(const std::string& name) {
  (void)host(name);
  for (const StoredConnection& connection : connections) {
    if (connection.host == name) throw Refusal{name, "Host cannot be deleted due to existing connections."};
  }
  for (auto& [group, members] : host_groups) std::erase(members, name);
  std::erase_if(hosts, [&](const StoredHost& one) { return one.name == name; });
}

void State::create_host_group(const std::string& name, const std::vector<std::string>& members) {
  check_plain("Host group", name);
  if (host_groups.contains(name)) throw Refusal{name, "Host group already exists."};
  for (const std::string& member : members) {
    StoredHost& joining = host(member);
    if (!joining.host_group.empty()) throw Refusal{member, "Host already belongs to a host group."};
    joining.host_group = name;
  }
  host_groups[name] = members;
}

void State::delete_host_group(const std::string& name) {
  if (!host_groups.contains(name)) throw Refusal{name, "Host group does not exist."};
  for (const StoredConnection& connection : connections) {
    if (connection.host_group == name) {
      throw Refusal{name, "Host group cannot be deleted due to existing connections."};
    }
  }
  for (StoredHost& member : hosts) {
    if (member.host_group == name) member.host_group.clear();
  }
  host_groups.erase(name);
}

StoredConnection& State::connect(const std::string& host_name, const std::string& group,
                                 const std::string& volume, int lun) {
  const StoredVolume& target = live(volume);
  if (!host_name.empty()) (void)host(host_name);
  if (!group.empty() && !host_groups.contains(group)) throw Refusal{group, "Host group does not exist."};
  int next = group.empty() ? 1 : 10;
  for (const StoredConnection& there : connections) {
    if (there.host != host_name || there.host_group != group) continue;
    if (there.volume_id == target.id) throw Refusal{volume, "Connection already exists."};
    if (lun != 0 && there.lun == lun) throw Refusal{volume, "The LUN is already in use."};
    next = std::max(next, there.lun + 1);
  }
  connections.push_back({host_name, group, target.id, lun == 0 ? next : lun});
  return connections.back();
}

void State::disconnect(const std::string& host_name, const std::string& group, const std::string& volume) {
  const StoredVolume* const target = find(volume);
  if (target == nullptr) throw Refusal{volume, "Volume does not exist."};
  const std::size_t gone = std::erase_if(connections, [&](const StoredConnection& there) {
    return there.host == host_name && there.host_group == group && there.volume_id == target->id;
  });
  if (gone == 0) throw Refusal{volume, "Connection does not exist."};
}

void State::create_container(const std::string& name, bool is_pod) {
  check_plain(is_pod ? "Pod" : "Volume group", name);
  std::vector<std::string>& all = is_pod ? pods : volume_groups;
  if (std::find(all.begin(), all.end(), name) != all.end()) {
    throw Refusal{name, is_pod ? "Pod already exists." : "Volume group already exists."};
  }
  all.push_back(name);
}

void State::delete_container(const std::string& name, bool is_pod) {
  std::vector<std::string>& all = is_pod ? pods : volume_groups;
  if (std::find(all.begin(), all.end(), name) == all.end()) {
    throw Refusal{name, is_pod ? "Pod does not exist." : "Volume group does not exist."};
  }
  for (const StoredVolume& volume : volumes) {
    const VolumeName parts = parse_volume_name(volume.name);
    if ((is_pod ? parts.pod : parts.group) == name) {
      throw Refusal{
          name, is_pod ? "Cannot eradicate pod while it contains volumes." : "Volume group is not empty."};
    }
  }
  std::erase(all, name);
}

StoredGroup& State::create_group(const std::string& name, const std::vector<std::string>& members) {
  check_plain("Protection group", name);
  for (const StoredGroup& there : groups) {
    if (there.name == name) throw Refusal{name, "Protection group already exists."};
  }
  StoredGroup made{name, {}, now};
  for (const std::string& member : members) made.volume_ids.push_back(live(member).id);
  groups.push_back(std::move(made));
  return groups.back();
}

void State::add_to_group(const std::string& group, const std::string& volume) {
  for (StoredGroup& there : groups) {
    if (there.name != group) continue;
    const std::string id = live(volume).id;
    if (std::find(there.volume_ids.begin(), there.volume_ids.end(), id) != there.volume_ids.end()) {
      throw Refusal{volume, "Protection group already includes volume."};
    }
    there.volume_ids.push_back(id);
    return;
  }
  throw Refusal{group, "Protection group does not exist."};
}

void State::delete_group(const std::string& name) {
  if (std::erase_if(groups, [&](const StoredGroup& one) { return one.name == name; }) == 0) {
    throw Refusal{name, "Protection group does not exist."};
  }
}

std::vector<std::string> State::snapshot_group(const std::string& name, std::string suffix) {
  for (const StoredGroup& group : groups) {
    if (group.name != name) continue;
    if (suffix.empty()) suffix = std::to_string(++suffixes);
    for (const StoredSnapshot& there : snapshots) {
      if (there.group == name + "." + suffix)
        throw Refusal{name + "." + suffix, "Protection group snapshot already exists."};
    }
    std::vector<std::string> made;
    for (const std::string& id : group.volume_ids) {
      StoredVolume* const volume = with_id(id);
      if (volume->destroyed) continue;
      StoredSnapshot& one = take(*volume, suffix);
      one.group = name + "." + suffix;
      made.push_back(one.id);
    }
    return made;
  }
  throw Refusal{name, "Protection group does not exist."};
}

}  // namespace cairn::array::simulator
