// Where services can be reached, and the address that a given reader has to use (language: the reader's
// address).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "interpreter/late_source.h"
#include "runtime/effects/result.h"

namespace cairn::kinds {

// Known once a service was started.
struct ServicePlace {
  std::string address;  // of a container: on its first network, empty for a host process
  std::map<std::int64_t, std::int64_t> published;  // container port → port on the engine's machine
  std::string engine_host = "127.0.0.1";           // where published ports are
  // When that cannot be reached from this machine: a port of its loopback that leads to a container port. May
  // take its time the first time.
  std::function<Result<int>(std::int64_t container_port)> relayed = {};
  bool whole_machine = false;  // it has its machine's own network: every port is published as itself
};

// Whether a node's own process sees the networks of containers (true), or this machine's (false).
bool in_container(const Graph& graph, NodeId node);
// The service that a `run` says `in` of; no_node for all that have a place of their own.
NodeId service_around(const Graph& graph, NodeId node);

// Thread-safe.
class Addresses {
 public:
  // `pick_port` finds a free port of this machine and keeps it for the run.
  Addresses(const Graph& graph, std::function<Result<int>()> pick_port)
      : graph_(graph), pick_port_(std::move(pick_port)) {}

  void set(NodeId service, ServicePlace place);
  std::optional<ServicePlace> find(NodeId service) const;

  // `host`, `port(n | "name")`, `url(n | "name")`, `ip` of a service as `reader` has to use them; nullopt: no
  // address.
  std::optional<LateAnswer> answer(NodeId service, std::string_view name, const List& arguments,
                                   NodeId reader);

  // What `port("name")` of a service has given so far, and what it is to give.
  std::map<std::string, int> named_ports(NodeId service) const;
  void set_named_port(NodeId service, const std::string& name, int port);

 private:
  LateAnswer named_port(NodeId service, const std::string& name);

  const Graph& graph_;
  const std::function<Result<int>()> pick_port_;
  mutable std::mutex mutex_;
  std::map<NodeId, ServicePlace> places_;
  std::map<std::pair<NodeId, std::string>, int> named_;
};

}  // namespace cairn::kinds
