#include "tests/sim/engine/networks.h"

#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/engine/containers.h"

namespace cairn::sim {
namespace {

std::string gateway_of(const Network& network) {
  return fmt::format("172.{}.0.1", network.subnet);
}

Json shown(State& state, const Network& network, bool with_containers) {
  Json body = {{"Id", network.id},
               {"Name", network.name},
               {"Driver", network.driver},
               {"Created", stamp(network.created)},
               {"Internal", network.internal},
               {"Labels", network.labels},
               {"IPAM", {{"Config", Json::array()}}}};
  if (network.driver == "bridge")
    body["IPAM"]["Config"].push_back(
        {{"Subnet", fmt::format("172.{}.0.0/16", network.subnet)}, {"Gateway", gateway_of(network)}});
  Json containers = Json::object();
  if (with_containers)
    for (const auto& [id, container] : state.containers)
      for (const auto& [name, endpoint] : container->endpoints)
        if (container->running() && endpoint.network == network.id)
          containers[id] = {{"Name", container->name}, {"IPv4Address", endpoint.address + "/16"}};
  body["Containers"] = containers;
  return body;
}

void join(Network& network, Endpoint& endpoint) {
  endpoint.network = network.id;
  if (network.driver != "bridge") return;
  endpoint.gateway = gateway_of(network);
  if (endpoint.address.empty()) {
    endpoint.address = fmt::format("172.{}.{}.{}", network.subnet, network.next_address / 250,
                                   network.next_address % 250 + 1);
    ++network.next_address;
  }
}

}  // namespace

Network* find_network(State& state, const std::string& reference) {
  if (const auto found = state.networks.find(reference); found != state.networks.end()) return &found->second;
  for (auto& [id, network] : state.networks)
    if (network.name == reference || (reference.size() >= 8 && id.starts_with(reference))) return &network;
  return nullptr;
}

void make_predefined_networks(State& state) {
  for (const std::string name : {"bridge", "host", "none"}) {
    Network network;
    network.id = state.new_id();
    network.name = name;
    network.driver = name == "none" ? "null" : name;
    network.predefined = true;
    network.created = state.wall();
    network.subnet = 17;
    const std::string id = network.id;
    state.networks[id] = std::move(network);
  }
}

Reply create_network(State& state, const Asked& asked) {
  const Json body = Json::parse(asked.body, nullptr, false);
  if (!body.is_object() || body.value("Name", "").empty())
    return refused(400, "network name cannot be empty");
  const std::string name = body.value("Name", "");
  // `CheckDuplicate` is best effort, they say; since 1.44 it always is checked.
  if (find_network(state, name) != nullptr &&
      (body.value("CheckDuplicate", false) || state.options.api_minor >= 44))
    return refused(409, fmt::format("network with name {} already exists", name));
  Network network;
  network.id = state.new_id();
  network.name = name;
  network.driver = body.value("Driver", std::string("bridge"));
  network.internal = body.value("Internal", false);
  network.labels = labels_in(body.value("Labels", Json::object()));
  network.created = state.wall();
  network.subnet = 18;
  const auto used = [&](int subnet) {
    return std::any_of(state.networks.begin(), state.networks.end(),
                       [&](const auto& each) { return each.second.subnet == subnet; });
  };
  while (used(network.subnet)) ++network.subnet;
  if (network.subnet > 255)
    return refused(500,
                   "could not find an available, non-overlapping IPv4 address pool among the defaults to "
                   "assign to the network");
  const std::string id = network.id;
  state.networks[id] = std::move(network);
  return answered(201, {{"Id", id}, {"Warning", ""}});
}

Reply list_networks(State& state, const Asked& asked) {
  Json filters = Json::parse(asked.of("filters"), nullptr, false);
  if (!filters.is_object()) filters = Json::object();
  Json all = Json::array();
  for (const auto& [id, its] : state.networks) {
    const Network& network = its;
    if (!has_labels(network.labels, filters)) continue;
    const auto names = filters.find("name");
    if (names != filters.end() && std::none_of(names->begin(), names->end(), [&](const Json& part) {
          return network.name.find(part.get<std::string>()) != std::string::npos;
        }))
      continue;
    all.push_back(shown(state, network, false));
  }
  return answered(200, all);
}

Reply inspect_network(State& state, const Network& network) {
  return answered(200, shown(state, network, true));
}

Reply remove_network(State& state, const Network& network) {
  if (network.predefined)
    return refused(403, fmt::format("{} is a pre-defined network and cannot be removed", network.name));
  for (const auto& [id, container] : state.containers)
    for (const auto& [name, endpoint] : container->endpoints)
      if (container->running() && endpoint.network == network.id)
        return refused(403, fmt::format("error while removing network: network {} id {} has active endpoints",
                                        network.name, network.id));
  state.networks.erase(std::string(network.id));
  return {204, {}, {}, {}};
}

Reply connect(State& state, Network& network, const Asked& asked) {
  const Json body = Json::parse(asked.body, nullptr, false);
  if (!body.is_object()) return refused(400, "invalid JSON");
  Container* container = find_container(state, body.value("Container", ""));
  if (container == nullptr) return refused(404, "No such container: " + body.value("Container", ""));
  for (const auto& [name, endpoint] : container->endpoints)
    if (endpoint.network == network.id || name == network.name)
      return refused(403, fmt::format("endpoint with name {} already exists in network {}", container->name,
                                      network.name));
  const Json config = body.value("EndpointConfig", Json::object());
  Endpoint endpoint;
  endpoint.network = network.id;
  endpoint.aliases = strings_in(config, "Aliases");
  if (container->running()) join(network, endpoint);
  container->endpoints[network.name] = std::move(endpoint);
  return {200, {}, {}, {}};
}

Reply disconnect(State& state, const Network& network, const Asked& asked) {
  const Json body = Json::parse(asked.body, nullptr, false);
  if (!body.is_object()) return refused(400, "invalid JSON");
  Container* container = find_container(state, body.value("Container", ""));
  if (container == nullptr) return refused(404, "No such container: " + body.value("Container", ""));
  const std::size_t gone = std::erase_if(container->endpoints,
                                         [&](const auto& each) { return each.second.network == network.id; });
  if (gone == 0)
    return refused(500,
                   fmt::format("container {} is not connected to network {}", container->id, network.name));
  return {200, {}, {}, {}};
}

std::string plan_endpoints(State& state, Container& container, const Json& networking) {
  std::string mode = container.host_config.value("NetworkMode", std::string());
  if (mode.empty() || mode == "default") mode = "bridge";
  container.host_config["NetworkMode"] = mode;
  if (mode.starts_with("container:")) return {};
  const Json wanted = networking.value("EndpointsConfig", Json::object());
  if (wanted.size() > 1 && state.options.api_minor < 44)
    return "Container cannot be connected to network endpoints: several";
  const auto plan = [&](const std::string& reference, const Json& config) {
    const Network* network = find_network(state, reference);
    Endpoint endpoint;
    endpoint.network = network == nullptr ? "" : network->id;
    endpoint.aliases = strings_in(config, "Aliases");
    container.endpoints[network == nullptr ? reference : network->name] = std::move(endpoint);
  };
  if (!wanted.contains(mode)) plan(mode, Json::object());
  for (const auto& [reference, config] : wanted.items()) plan(reference, config);
  return {};
}

std::string join_networks(State& state, Container& container) {
  for (auto& [name, endpoint] : container.endpoints) {
    Network* network = find_network(state, endpoint.network.empty() ? name : endpoint.network);
    if (network == nullptr) return fmt::format("network {} not found", name);
    join(*network, endpoint);
  }
  return {};
}

void leave_networks(Container& container) {
  for (auto& [name, endpoint] : container.endpoints) endpoint.address.clear();
}

Json endpoints_shown(State&, const Container& container) {
  Json all = Json::object();
  for (const auto& [name, endpoint] : container.endpoints)
    all[name] = {{"NetworkID", endpoint.network},
                 {"IPAddress", endpoint.address},
                 {"Gateway", container.running() ? endpoint.gateway : std::string()},
                 {"Aliases", endpoint.aliases}};
  return all;
}

}  // namespace cairn::sim
