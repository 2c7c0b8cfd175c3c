// The arrays of a run: one client for each `flasharray` block, and what the run's objects are called there.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "runtime/array/flasharray.h"
#include "runtime/kinds/world.h"

namespace cairn::kinds {

// The array that makes a snapshot or clone: its own `on`, or that of the snapshot that it is from; no_node:
// none.
NodeId array_of(const Graph& graph, NodeId node);

// The array that has a volume, as far as the file says: one that makes a snapshot or clone of it; no_node:
// none.
NodeId array_with(const Graph& graph, NodeId volume);

// What a volume of the file is called on its engine. Other drivers than `local` may take no dots, and their
// arrays no more than 63 characters.
std::string volume_name(const Graph& graph, const RunPlace& place, NodeId volume);

// "cairn-shop-1a2b3c-x1y2z3-": what the names of a run's volumes (without the array's `prefix`) and the
// suffixes of its snapshots begin with. A long project is cut in front, so that a volume's name with the
// prefix stays below the array's 63 characters. `run` is a run's id; empty: of an `up`.
std::string array_stem(const std::string& prefix, const std::string& project, const std::string& run);
// The stem and the node's path, in characters that an array takes; what is too long ends in a hash.
std::string array_object_name(const std::string& prefix, const RunPlace& place, const std::string& node);

// One `flasharray` block, connected.
struct UsedArray {
  std::string path;    // the block's: "pure01"
  std::string prefix;  // of its volumes' names
  std::unique_ptr<array::FlashArray> client;

  std::string volume_of(const std::string& engine_volume) const { return prefix + engine_volume; }
};

// Thread-safe.
class Arrays {
 public:
  explicit Arrays(World& world) : world_(world) {}

  // Recorded in the run's folder before it is used. Fails when the block's settings cannot be had (a token
  // that is not there); the array itself is not asked yet.
  Result<UsedArray*> use(NodeId block, execute::StepContext& context);

  // Of a snapshot or clone: from now on there may be something of it on its array.
  void begin(NodeId node);
  bool begun(NodeId node) const;

 private:
  World& world_;
  mutable std::mutex mutex_;
  std::map<NodeId, std::unique_ptr<UsedArray>> used_;
  std::set<NodeId> begun_;
};

// The end of a step that left something destroyed on an array and could not eradicate it: said aloud.
execute::StepEnd left_destroyed(const std::string& name, const std::string& why,
                                execute::StepContext& context);
// `why`, where the array forbids it.
std::string kept_by_safe_mode(const array::FlashArray& array);

// Uniform in [0, 1), from the system.
double system_chance();

}  // namespace cairn::kinds
