// What the simulated array holds and the rules by which it changes: a state machine that is told the time.
// Both REST generations are views of it. Semantics: "FlashArray REST v1.19" and "FA2.26.spec.yaml" of
// PureStorage-OpenConnect/swagger, and the words on which the public clients depend.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/array/simulator/media.h"

namespace cairn::array::simulator {

// Thrown by every operation that the array would refuse, and caught in one place, where the answer is
// written.
struct Refusal {
  std::string context;  // the object
  std::string message;  // in an array's words
};

struct Settings {
  std::string name = "simulated";
  std::string id = "3be3e2b4-7a0b-4e8c-9a3c-5a1f0d2c7e11";
  std::string purity = "6.4.10";
  std::int64_t eradication_delay_ms = 24 * 3600 * 1000;
  std::int64_t idle_timeout_ms = 30 * 60 * 1000;
  bool safe_mode = false;              // "Eradication is disabled."
  bool refuse_busy_overwrite = false;  // a real array obeys; the simulator reports it as a hazard either way
  std::size_t page = 1000;             // most items in one answer
  // Requests in one minute of the array's clock before it answers 429; 0: any number.
  long requests_per_minute = 0;
};

struct StoredVolume {
  std::string name, id, serial;
  std::uint64_t size = 0;
  std::int64_t created = 0;
  std::string source;  // name at the time of copying; empty: none
  std::string source_id;
  std::optional<std::int64_t> destroyed;  // when
  std::map<std::string, std::string> tags;
};

struct StoredSnapshot {
  std::string suffix, id, serial;
  std::string volume_id;  // its name follows the volume's
  std::uint64_t size = 0;
  std::int64_t created = 0;
  std::optional<std::int64_t> destroyed;
  bool with_volume = false;  // destroyed because its volume was: comes back with it
  std::string group;         // "pgroup.suffix" of a protection group's snapshot; empty: none
};

struct StoredHost {
  std::string name;
  std::vector<std::string> iqns, wwns, nqns;
  std::string host_group;
};

struct StoredConnection {
  std::string host;        // or
  std::string host_group;  // one of both is empty
  std::string volume_id;
  int lun = 0;
};

struct StoredGroup {  // a protection group
  std::string name;
  std::vector<std::string> volume_ids;
  std::int64_t created = 0;
};

struct Deed {  // for the audit log
  std::int64_t when = 0;
  std::string user, command;
};

struct Hazard {  // what a real array would let pass and a file system would not survive
  std::int64_t when = 0;
  std::string volume, what;
};

class State {
 public:
  State(Settings settings, Media& media);

  // Eradicates what has been destroyed for long enough. Every request begins with it.
  void advance(std::int64_t now);

  StoredVolume& create(const std::string& name, std::uint64_t size);
  StoredVolume& copy(const std::string& source, const std::string& target, bool overwrite);
  StoredSnapshot& snapshot(const std::string& volume, std::string suffix);
  std::vector<std::string> snapshot_group(const std::string& group, std::string suffix);  // ids
  void destroy(const std::string& volume);
  void recover(const std::string& volume);
  void eradicate(const std::string& volume);
  StoredVolume& rename(const std::string& from, const std::string& to);
  StoredVolume& resize(const std::string& name, std::uint64_t size, bool truncate);
  void destroy_snapshot(const std::string& name);
  void recover_snapshot(const std::string& name);
  void eradicate_snapshot(const std::string& name);
  StoredSnapshot& rename_snapshot(const std::string& name, const std::string& suffix);

  StoredHost& create_host(StoredHost host);
  void delete_host(const std::string& name);
  void create_host_group(const std::string& name, const std::vector<std::string>& hosts);
  void delete_host_group(const std::string& name);
  // Exactly one of `host` and `group` is given. `lun` 0: the next free one.
  StoredConnection& connect(const std::string& host, const std::string& group, const std::string& volume,
                            int lun);
  void disconnect(const std::string& host, const std::string& group, const std::string& volume);
  void create_container(const std::string& name, bool is_pod);
  void delete_container(const std::string& name, bool is_pod);
  StoredGroup& create_group(const std::string& name, const std::vector<std::string>& volumes);
  void add_to_group(const std::string& group, const std::string& volume);
  void delete_group(const std::string& name);

  StoredVolume* find(const std::string& name);  // destroyed ones too
  StoredVolume* with_id(const std::string& id);
  StoredSnapshot* find_snapshot(const std::string& name);
  std::string name_of(const StoredSnapshot& snapshot) const;
  StoredVolume& live(const std::string& name);  // refuses what is not there or destroyed
  StoredHost& host(const std::string& name);
  std::vector<StoredConnection> connections_of(const std::string& volume_id) const;
  std::int64_t remaining(std::optional<std::int64_t> destroyed) const;  // milliseconds until eradication

  void note(const std::string& user, const std::string& command);

  // Saved and loaded whole (state_file.h), and listed by the views.
  Settings settings;
  std::vector<StoredVolume> volumes;
  std::vector<StoredSnapshot> snapshots;
  std::vector<StoredHost> hosts;
  std::map<std::string, std::vector<std::string>> host_groups;
  std::vector<StoredConnection> connections;
  std::vector<std::string> pods, volume_groups;
  std::vector<StoredGroup> groups;
  std::vector<Deed> audit;
  std::vector<Hazard> hazards;
  std::uint64_t serials = 0, ids = 0;
  int suffixes = 4127;
  std::int64_t now = 0;
  Media& media;

 private:
  std::string next_serial();
  std::string next_id();
  void check_name(const std::string& name) const;
  void check_free(const std::string& name);
  void check_size_of(const std::string& name, std::uint64_t size) const;
  void carry(const Result<>& outcome, const std::string& name) const;  // a failed medium is a refusal
  StoredSnapshot& take(StoredVolume& volume, std::string suffix);
  void drop_volume(const std::string& id);
};

}  // namespace cairn::array::simulator
