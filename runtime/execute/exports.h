// What the nodes of a run have published so far.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "interpreter/graph.h"

namespace cairn::execute {

// Thread-safe. Whoever reads a node's export starts only after the node's step has ended, so that what is
// read is final.
class Exports {
 public:
  void publish(NodeId node, std::string_view name, Value value) {
    std::lock_guard lock(mutex_);
    values_[index(node)].insert_or_assign(std::string(name), std::move(value));
  }
  // Null when it has not been published.
  Value find(NodeId node, std::string_view name) const {
    std::lock_guard lock(mutex_);
    const auto of_node = values_.find(index(node));
    if (of_node == values_.end()) return {};
    const auto value = of_node->second.find(name);
    return value == of_node->second.end() ? Value{} : value->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::size_t, std::map<std::string, Value, std::less<>>> values_;  // by node
};

}  // namespace cairn::execute
