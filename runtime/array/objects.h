// What an array has, as both generations of its REST API describe it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cairn::array {

struct Volume {
  std::string name;
  std::string serial;        // 24 hex digits; stays over rename and overwrite; the device is 3624a9370 + this
  std::uint64_t size = 0;    // bytes as provisioned
  std::int64_t created = 0;  // milliseconds since 1970
  std::string source;        // what it was copied from last; empty: nothing
  bool destroyed = false;    // its name stays taken until it is eradicated
  std::optional<std::int64_t> eradicated_in;  // milliseconds; of a destroyed one
};

struct Snapshot {
  std::string name;  // "volume.suffix"
  std::string serial;
  std::string source;  // the volume
  std::uint64_t size = 0;
  std::int64_t created = 0;
  bool destroyed = false;
};

struct Host {
  std::string name;
  std::vector<std::string> iqns, wwns, nqns;
};

struct Connection {
  std::string host, volume;
  int lun = 0;
};

struct ArrayIdentity {
  std::string name, id, version;  // Purity's version
  std::string api;                // the REST version that is spoken
};

// Which volumes or snapshots to list. All conditions hold at once.
struct Listing {
  std::vector<std::string> names =
      {};                   // exact, or with `*`; empty: all. A missing exact name is not an error
  std::string filter = {};  // 2.x filter expression, "provisioned>1048576"; a failure on 1.x
  std::string volume = {};  // snapshots only: of this volume
  bool destroyed_too = false;
  int page = 0;  // items in one answer; 0: as many as the array gives
};

}  // namespace cairn::array
