#include "runtime/array/simulator/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/array/names.h"

namespace cairn::array::simulator {
namespace {

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

State::State(Settings with, Media& carrying) : settings(std::move(with)), media(carrying) {}

std::string State::next_serial() {
  return fmt::format("F92A1DA2F8C94297{:08X}", ++serials + 0x11000);
}

std::string State::next_id() {
  ++ids;
  return fmt::format("{:08x}-5a1e-4c0d-8f2b-{:012x}", (ids * 2654435761u) & 0xffffffffu, ids);
}

std::int64_t State::remaining(std::optional<std::int64_t> destroyed) const {
  return destroyed ? std::max<std::int64_t>(0, *destroyed + settings.eradication_delay_ms - now) : 0;
}

void State::advance(std::int64_t to) {
  now = std::max(now, to);
  const auto over = [&](const std::optional<std::int64_t>& destroyed) {
    return destroyed && remaining(destroyed) == 0;
  };
  std::vector<std::string> ended;
  for (const StoredVolume& volume : volumes) {
    if (over(volume.destroyed)) ended.push_back(volume.id);
  }
  for (const std::string& id : ended) drop_volume(id);
  for (std::size_t i = snapshots.size(); i-- > 0;) {
    if (!over(snapshots[i].destroyed)) continue;
    (void)media.remove(snapshots[i].serial);
    snapshots.erase(snapshots.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void State::drop_volume(const std::string& id) {
  for (std::size_t i = snapshots.size(); i-- > 0;) {
    if (snapshots[i].volume_id != id) continue;
    (void)media.remove(snapshots[i].serial);
    snapshots.erase(snapshots.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (StoredGroup& group : groups) std::erase(group.volume_ids, id);
  const auto volume =
      std::find_if(volumes.begin(), volumes.end(), [&](const auto& one) { return one.id == id; });
  (void)media.remove(volume->serial);
  volumes.erase(volume);
}

StoredVolume* State::find(const std::string& name) {
  for (StoredVolume& volume : volumes) {
    if (same(volume.name, name)) return &volume;
  }
  return nullptr;
}

StoredVolume* State::with_id(const std::string& id) {
  for (StoredVolume& volume : volumes) {
    if (volume.id == id) return &volume;
  }
  return nullptr;
}

std::string State::name_of(const StoredSnapshot& snapshot) const {
  for (const StoredVolume& volume : volumes) {
    if (volume.id != snapshot.volume_id) continue;
    if (!snapshot.group.empty()) return snapshot.group + "." + volume.name;
    return volume.name + "." + snapshot.suffix;
  }
  return "." + snapshot.suffix;
}

StoredSnapshot* State::find_snapshot(const std::string& name) {
  for (StoredSnapshot& snapshot : snapshots) {
    if (same(name_of(snapshot), name)) return &snapshot;
  }
  return nullptr;
}

StoredVolume& State::live(const std::string& name) {
  StoredVolume* const volume = find(name);
  if (volume == nullptr) throw Refusal{name, "Volume does not exist."};
  if (volume->destroyed) throw Refusal{name, "Volume has been destroyed."};
  return *volume;
}

StoredHost& State::host(const std::string& name) {
  for (StoredHost& host : hosts) {
    if (same(host.name, name)) return host;
  }
  throw Refusal{name, "Host does not exist."};
}

std::vector<StoredConnection> State::connections_of(const std::string& volume_id) const {
  std::vector<StoredConnection> found;
  for (const StoredConnection& connection : connections) {
    if (connection.volume_id == volume_id) found.push_back(connection);
  }
  return found;
}

void State::check_name(const std::string& name) const {
  const Result<> checked = check_volume_name(name);
  if (!checked.ok()) throw Refusal{name, "Volume name is invalid: " + checked.failure().causes.front() + "."};
  const VolumeName parts = parse_volume_name(name);
  const auto has = [](const std::vector<std::string>& names, const std::string& one) {
    return one.empty() || std::find(names.begin(), names.end(), one) != names.end();
  };
  if (!has(pods, parts.pod)) throw Refusal{name, "Pod does not exist."};
  if (!has(volume_groups, parts.group)) throw Refusal{name, "Volume group does not exist."};
}

void State::check_free(const std::string& name) {
  const StoredVolume* const there = find(name);
  if (there == nullptr) return;
  throw Refusal{name, there->destroyed ? "Volume has been destroyed." : "Volume already exists."};
}

void State::check_size_of(const std::string& name, std::uint64_t size) const {
  const Result<> checked = check_size(size);
  if (!checked.ok()) throw Refusal{name, "Invalid size: " + checked.failure().causes.front() + "."};
}

void State::carry(const Result<>& outcome, const std::string& name) const {
  if (outcome.ok()) return;
  std::string message = "Internal error: " + outcome.failure().message;
  for (const std::string& cause : outcome.failure().causes) message += ": " + cause;
  throw Refusal{name, message};
}

StoredVolume& State::create(const std::string& name, std::uint64_t size) {
  check_name(name);
  check_free(name);
  check_size_of(name, size);
  StoredVolume volume;
  volume.name = name;
  volume.id = next_id();
  volume.serial = next_serial();
  volume.size = size;
  volume.created = now;
  carry(media.create(volume.serial, size), name);
  volumes.push_back(std::move(volume));
  return volumes.back();
}

StoredVolume& State::copy(const std::string& source, const std::string& target, bool overwrite) {
  std::string from_serial, from_name, from_id;
  std::uint64_t size = 0;
  if (source.find('.') != std::string::npos) {
    const StoredSnapshot* const snapshot = find_snapshot(source);
    if (snapshot == nullptr) throw Refusal{source, "No such volume or snapshot."};
    if (snapshot->destroyed) {
      throw Refusal{
          source,
          "Volume snapshot has been destroyed. It can be recovered by purevol recover and eradicated by "
          "purevol eradicate."};
    }
    from_serial = snapshot->serial;
    from_name = with_id(snapshot->volume_id)->name;
    from_id = snapshot->volume_id;
    size = snapshot->size;
  } else {
    const StoredVolume& volume = live(source);
    from_serial = volume.serial;
    from_name = volume.name;
    from_id = volume.id;
    size = volume.size;
  }
  check_name(target);
  StoredVolume* there = find(target);
  if (there != nullptr && (!overwrite || there->destroyed)) check_free(target);
  if (there == nullptr) {
    StoredVolume made;
    made.name = target;
    made.id = next_id();
    made.serial = next_serial();
    made.size = size;
    made.created = now;
    made.source = from_name;
    made.source_id = from_id;
    carry(media.copy(from_serial, made.serial), target);
    volumes.push_back(std::move(made));
    return volumes.back();
  }
  if (there->serial == from_serial) throw Refusal{target, "Source and target are the same volume."};
  std::string seen_by;
  for (const StoredConnection& connection : connections_of(there->id)) {
    seen_by += (seen_by.empty() ? "connected to " : ", ") +
               (connection.host.empty() ? connection.host_group : connection.host);
  }
  if (const std::string user = media.user_of(there->serial); !user.empty()) {
    seen_by += (seen_by.empty() ? "in use by " : "; in use by ") + user;
  }
  if (!seen_by.empty()) {
    hazards.push_back({now, there->name, "overwritten while " + seen_by});
    if (settings.refuse_busy_overwrite) throw Refusal{target, "Volume is in use: " + seen_by + "."};
  }
  StoredSnapshot& undo = take(*there, {});
  undo.destroyed = now;
  carry(media.copy(from_serial, there->serial), target);
  there->size = size;
  there->source = from_name;
  there->source_id = from_id;
  there->created = now;
  return *there;
}

StoredSnapshot& State::take(StoredVolume& volume, std::string suffix) {
  if (suffix.empty()) suffix = std::to_string(++suffixes);
  StoredSnapshot snapshot;
  snapshot.suffix = std::move(suffix);
  snapshot.id = next_id();
  snapshot.serial = next_serial();
  snapshot.volume_id = volume.id;
  snapshot.size = volume.size;
  snapshot.created = now;
  carry(media.copy(volume.serial, snapshot.serial), volume.name);
  snapshots.push_back(std::move(snapshot));
  return snapshots.back();
}

StoredSnapshot& State::snapshot(const std::string& name, std::string suffix) {
  StoredVolume& volume = live(name);
  if (!suffix.empty()) {
    const Result<> checked = check_suffix(suffix);
    if (!checked.ok()) throw Refusal{name, "Suffix is invalid: " + checked.failure().causes.front() + "."};
    if (const StoredSnapshot* there = find_snapshot(volume.name + "." + suffix); there != nullptr) {
      throw Refusal{volume.name + "." + suffix,
                    there->destroyed
                        ? "Volume snapshot has been destroyed. It can be recovered by purevol recover "
                          "and eradicated by purevol eradicate."
                        : "Volume snapshot already exists."};
    }
  }
  return take(volume, std::move(suffix));
}

void State::destroy(const std::string& name) {
  StoredVolume& volume = live(name);
  if (!connections_of(volume.id).empty()) {
    throw Refusal{name, "Volume cannot be deleted due to existing connections."};
  }
  volume.destroyed = now;
  for (StoredSnapshot& snapshot : snapshots) {
    if (snapshot.volume_id != volume.id || snapshot.destroyed) continue;
    snapshot.destroyed = now;
    snapshot.with_volume = true;
  }
}

void State::recover(const std::string& name) {
  StoredVolume* const volume = find(name);
  if (volume == nullptr) throw Refusal{name, "Volume does not exist."};
  if (!volume->destroyed) throw Refusal{name, "Volume has not been destroyed."};
  volume->destroyed.reset();
  for (StoredSnapshot& snapshot : snapshots) {
    if (snapshot.volume_id != volume->id || !snapshot.with_volume) continue;
    snapshot.destroyed.reset();
    snapshot.with_volume = false;
  }
}

void State::eradicate(const std::string& name) {
  StoredVolume* const volume = find(name);
  if (volume == nullptr) throw Refusal{name, "Volume does not exist."};
  if (!volume->destroyed) throw Refusal{name, "Volume has not been destroyed."};
  if (settings.safe_mode) throw Refusal{name, "Eradication is disabled."};
  drop_volume(volume->id);
}

StoredVolume& State::rename(const std::string& from, const std::string& to) {
  StoredVolume& volume = live(from);
  check_name(to);
  if (!same(from, to)) check_free(to);
  volume.name = to;
  return volume;
}

StoredVolume& State::resize(const std::string& name, std::uint64_t size, bool truncate) {
  StoredVolume& volume = live(name);
  check_size_of(name, size);
  if (size < volume.size) {
    if (!truncate) throw Refusal{name, "New size is smaller than the current size; truncate is required."};
    StoredSnapshot& undo = take(volume, {});
    undo.destroyed = now;
  }
  carry(media.resize(volume.serial, size), name);
  volume.size = size;
  return volume;
}

void State::destroy_snapshot(const std::string& name) {
  StoredSnapshot* const snapshot = find_snapshot(name);
  if (snapshot == nullptr) throw Refusal{name, "No such volume or snapshot."};
  if (snapshot->destroyed) {
    throw Refusal{
        name,
        "Volume snapshot has been destroyed. It can be recovered by purevol recover and eradicated by "
        "purevol eradicate."};
  }
  snapshot->destroyed = now;
}

void State::recover_snapshot(const std::string& name) {
  StoredSnapshot* const snapshot = find_snapshot(name);
  if (snapshot == nullptr) throw Refusal{name, "No such volume or snapshot."};
  if (!snapshot->destroyed) throw Refusal{name, "Volume snapshot has not been destroyed."};
  if (with_id(snapshot->volume_id)->destroyed) {
    throw Refusal{name, "Volume has been destroyed."};
  }
  snapshot->destroyed.reset();
  snapshot->with_volume = false;
}

void State::eradicate_snapshot(const std::string& name) {
  StoredSnapshot* const snapshot = find_snapshot(name);
  if (snapshot == nullptr) throw Refusal{name, "No such volume or snapshot."};
  if (!snapshot->destroyed) throw Refusal{name, "Volume snapshot has not been destroyed."};
  if (settings.safe_mode) throw Refusal{name, "Eradication is disabled."};
  (void)media.remove(snapshot->serial);
  const std::string id = snapshot->id;
  std::erase_if(snapshots, [&](const StoredSnapshot& one) { return one.id == id; });
}

StoredSnapshot& State::rename_snapshot(const std::string& name, const std::string& suffix) {
  StoredSnapshot* const snapshot = find_snapshot(name);
  if (snapshot == nullptr) throw Refusal{name, "No such volume or snapshot."};
  const Result<> checked = check_suffix(suffix);
  if (!checked.ok()) throw Refusal{name, "Suffix is invalid: " + checked.failure().causes.front() + "."};
  if (find_snapshot(with_id(snapshot->volume_id)->name + "." + suffix) != nullptr) {
    throw Refusal{name, "Volume snapshot already exists."};
  }
  snapshot->suffix = suffix;
  return *snapshot;
}

void State::note(const std::string& user, const std::string& command) {
  audit.push_back({now, user, command});
  if (audit.size() > 10000) audit.erase(audit.begin(), audit.begin() + 5000);
}

}  // namespace cairn::array::simulator
