// Which arrays a run has used, in its folder: so that `clean` and `down` find its objects there without its
// file.
#pragma once

#include <string>
#include <vector>

#include "runtime/array/access.h"

namespace cairn::kinds {

struct ArrayPlace {
  std::string block;  // the path of the `flasharray` block, for people
  std::string address, prefix, api;
  std::string fingerprint;  // of its certificate; empty: none is pinned
  bool verify = true;
  std::string token_place;  // "env:PFA_API_TOKEN": where its token is found, never the token; may be unknown

  bool operator==(const ArrayPlace&) const = default;
};

// On disk, and synced, before anything is changed there: what an array has of a run carries the run's name
// and nothing else that would lead to it.
Result<Done> record_array(const std::string& run_folder, const ArrayPlace& place);
// Each once, in the order of their first use. A line that cannot be read (the last of a crash) is passed
// over.
std::vector<ArrayPlace> recorded_arrays(const std::string& run_folder);

// A volume or snapshot ("volume.suffix") whose name the file chose: it does not carry the run's.
struct ArrayObject {
  std::string block, name;
};
Result<Done> record_array_object(const std::string& run_folder, const std::string& block,
                                 const std::string& name);
std::vector<ArrayObject> recorded_array_objects(const std::string& run_folder);

array::Access access_of(const ArrayPlace& place, const std::string& token);

}  // namespace cairn::kinds
