#include "runtime/platform/docker/networks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "runtime/platform/docker/asked_before.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/json_access.h"
#include "runtime/platform/docker/removal.h"

namespace cairn::docker {

namespace {

using nlohmann::json;

std::string network_path(const std::string& network) {
  return "/networks/" + percent_encoded(network);
}

// "172.17.0.1" of "172.17.0.0/16": what an engine gives to its bridge when nobody has named a gateway. Old
// engines do not tell it of their default bridge. Empty for IPv6, and for what is no subnet.
std::string first_address(const std::string& subnet) {
  in_addr address{};
  if (inet_pton(AF_INET, subnet.substr(0, subnet.find('/')).c_str(), &address) != 1) return {};
  address.s_addr = htonl(ntohl(address.s_addr) + 1);
  std::array<char, INET_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET, &address, text.data(), text.size()) == nullptr ? std::string() : text.data();
}

NetworkFacts network_facts(const json& body) {
  NetworkFacts facts;
  facts.id = at<std::string>(body, "/Id");
  facts.name = at<std::string>(body, "/Name");
  facts.driver = at<std::string>(body, "/Driver");
  facts.created = at<std::string>(body, "/Created");
  facts.labels = labels_at(body, "/Labels");
  facts.internal = at<bool>(body, "/Internal");
  for (const json& config : part(body, "/IPAM/Config")) {
    const std::string gateway = at<std::string>(config, "/Gateway");
    if (!gateway.empty())
      facts.gateways.push_back(gateway.substr(0, gateway.find('/')));
    else if (const std::string first = first_address(at<std::string>(config, "/Subnet")); !first.empty())
      facts.gateways.push_back(first);
  }
  const json& containers = part(body, "/Containers");
  if (containers.is_object()) {
    for (const auto& container : containers.items()) facts.containers.push_back(container.key());
  }
  return facts;
}

std::string body_of(const NetworkSpec& spec) {
  Labels labels = spec.labels;
  for (auto& [name, value] : labels_of(spec.identity)) labels[name] = value;
  json body = {{"Name", spec.identity.name},
               {"CheckDuplicate", true},
               {"Internal", spec.internal},
               {"Labels", labels},
               {"Attachable", spec.attachable}};
  if (!spec.driver.empty()) body["Driver"] = spec.driver;
  if (!spec.driver_opts.empty()) body["Options"] = spec.driver_opts;
  if (!spec.subnet.empty()) {
    json config = {{"Subnet", spec.subnet}};
    if (!spec.gateway.empty()) config["Gateway"] = spec.gateway;
    body["IPAM"] = {{"Config", json::array({config})}};
  }
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

// All of that very name, oldest first: ours and others'.
Result<std::vector<NetworkFacts>> all_named(Engine& engine, const std::string& name, std::stop_token stop) {
  const std::string what = fmt::format("could not look for the network `{}`", name);
  const Result<http::Response> answer =
      engine.call({.path = "/networks", .query = {{"filters", json{{"name", {name}}}.dump()}}}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status != 200) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  std::vector<NetworkFacts> named;
  for (const json& each : *body) {
    NetworkFacts facts = network_facts(each);
    if (facts.name == name) named.push_back(std::move(facts));  // the filter takes parts of names, too
  }
  std::sort(named.begin(), named.end(), [](const NetworkFacts& a, const NetworkFacts& b) {
    return std::tie(a.created, a.id) < std::tie(b.created, b.id);
  });
  return named;
}

}  // namespace

Result<std::string> create_network(Engine& engine, const NetworkSpec& spec, std::stop_token stop) {
  const std::string& name = spec.identity.name;
  const std::string what = fmt::format("could not create the network `{}`", name);
  for (bool asked = false;;) {
    const Result<std::vector<NetworkFacts>> named = all_named(engine, name, stop);
    if (!named) return asked_before(asked, named.failure()).within(what);
    std::string kept;
    for (const NetworkFacts& facts : *named) {
      if (owner_of(facts.labels, facts.name, spec.identity.project) != Owner::ours) {
        return Failure{.message = what,
                       .causes = {fmt::format("a network `{}` of {} is there already", name,
                                              owner_in_words(facts.labels, facts.name))},
                       .help = "rename or remove it, or give the project another name",
                       .nothing_done = !asked};
      }
      if (kept.empty()) {
        kept = facts.id;
      } else if (const Result<> removed = remove_network(engine, facts.id, stop); !removed) {
        return Failure(removed.failure()).within(what);
      }
    }
    if (!kept.empty()) return kept;
    const Result<http::Response> answer =
        engine.call({.method = "POST", .path = "/networks/create", .json = body_of(spec)}, stop);
    if (!answer && (answer.failure().nothing_done || stop.stop_requested() || asked)) {
      return asked_before(asked, answer.failure()).within(what);
    }
    // 409: somebody was faster, perhaps we ourselves; who, the next look says. 5xx: it may be there all the
    // same.
    const bool unclear = answer && (answer->status == 409 || answer->status >= 500);
    if (answer && answer->status != 201 && (!unclear || asked)) return refusal(what, *answer);
    asked = true;
  }
}

Result<std::optional<NetworkFacts>> inspect_network(Engine& engine, const std::string& network,
                                                    std::stop_token stop) {
  const std::string what = fmt::format("could not look at the network `{}`", network);
  const Result<http::Response> answer = engine.call({.path = network_path(network)}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 404) return std::optional<NetworkFacts>();
  if (answer->status != 200) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  return std::optional<NetworkFacts>(network_facts(*body));
}

Result<std::vector<NetworkFacts>> list_networks(Engine& engine, const std::vector<std::string>& labels,
                                                std::stop_token stop) {
  const std::string what = "could not list the networks";
  const Result<http::Response> answer =
      engine.call({.path = "/networks", .query = {{"filters", label_filter(labels)}}}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status != 200) return refusal(what, *answer);
  const Result<json> body = parsed(what, *answer);
  if (!body) return body.failure();
  std::vector<NetworkFacts> result;
  for (const json& each : *body) result.push_back(network_facts(each));
  return result;
}

Result<> connect_network(Engine& engine, const NetworkUse& use, const std::string& container,
                         std::stop_token stop) {
  const std::string what = fmt::format("could not connect the container `{}` to a network", container);
  json endpoint = json::object();
  if (!use.aliases.empty()) endpoint["Aliases"] = use.aliases;
  if (!use.ipv4_address.empty()) endpoint["IPAMConfig"] = {{"IPv4Address", use.ipv4_address}};
  const json body = {{"Container", container}, {"EndpointConfig", endpoint}};
  const Result<http::Response> answer = engine.call(
      {.method = "POST", .path = network_path(use.network) + "/connect", .json = body.dump()}, stop);
  if (!answer && (answer.failure().nothing_done || stop.stop_requested())) {
    return Failure(answer.failure()).within(what);
  }
  if (answer && answer->status == 200) return Done{};
  // Engines differ in how they say "already": what the container is connected to says it for all.
  const Result<std::optional<ContainerFacts>> facts = inspect_container(engine, container, stop);
  if (facts && *facts) {
    for (const auto& [name, network] : (*facts)->networks) {
      if (network.network_id == use.network || name == use.network) return Done{};
    }
  }
  return answer ? refusal(what, *answer) : Failure(answer.failure()).within(what);
}

Result<> disconnect_network(Engine& engine, const std::string& network, const std::string& container,
                            std::stop_token stop) {
  const std::string what = fmt::format("could not disconnect the container `{}` from a network", container);
  const json body = {{"Container", container}, {"Force", true}};
  const Result<http::Response> answer = engine.call(
      {.method = "POST", .path = network_path(network) + "/disconnect", .json = body.dump()}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 200 || answer->status == 404) return Done{};
  if (message_in(answer->body).find("is not connected to") != std::string::npos) return Done{};
  return refusal(what, *answer);
}

Result<> remove_network(Engine& engine, const std::string& network, std::stop_token stop) {
  const std::string what = fmt::format("could not remove the network `{}`", network);
  const Result<http::Response> answer =
      insist(engine, {.method = "DELETE", .path = network_path(network)}, stop);
  if (!answer) return Failure(answer.failure()).within(what);
  if (answer->status == 204 || answer->status == 200 || answer->status == 404) return Done{};
  return refusal(what, *answer);
}

}  // namespace cairn::docker
