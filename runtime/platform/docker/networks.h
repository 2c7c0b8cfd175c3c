// Networks: always used by id, because an engine of API 1.41 makes as many of one name as it is asked for at
// once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/spec.h"

namespace cairn::docker {

struct NetworkSpec {
  Identity identity;
  std::string driver;  // empty: the engine's default
  bool internal = false, attachable = false;
  std::string subnet, gateway;
  std::map<std::string, std::string> driver_opts;
  Labels labels;
};

struct NetworkFacts {
  std::string id, name, driver, created;
  Labels labels;
  std::vector<std::string> gateways;
  std::vector<std::string> containers;  // ids of those connected; only when inspected
  bool internal = false;
};

// The id of the network of this identity: made now, or found. Of several made at once the oldest stays, and
// the others are removed (they are ours, and nobody has joined them yet). One of the same name that is not
// ours fails.
Result<std::string> create_network(Engine& engine, const NetworkSpec& spec, std::stop_token stop);

// By id, or by a name that is foreign (`external`). Nothing: there is none.
Result<std::optional<NetworkFacts>> inspect_network(Engine& engine, const std::string& network,
                                                    std::stop_token stop);
Result<std::vector<NetworkFacts>> list_networks(Engine& engine, const std::vector<std::string>& labels,
                                                std::stop_token stop);

// A container that is connected already is fine.
Result<> connect_network(Engine& engine, const NetworkUse& use, const std::string& container,
                         std::stop_token stop);
// A container that is not connected, and a network or container that is gone, are fine.
Result<> disconnect_network(Engine& engine, const std::string& network, const std::string& container,
                            std::stop_token stop);
// One that is gone is fine; one in use is a Failure.
Result<> remove_network(Engine& engine, const std::string& network, std::stop_token stop);

}  // namespace cairn::docker
