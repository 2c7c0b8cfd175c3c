#include "runtime/kinds/observe.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "grammar/syntax.h"
#include "interpreter/environment.h"
#include "runtime/kinds/arrays.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/kept_services.h"
#include "runtime/kinds/leftovers.h"
#include "runtime/kinds/storage.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

// FNV-1a, 64 bits: it tells a change by accident from none, and labels are no place for secrets anyway.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text) step(static_cast<unsigned char>(c));
    step(0xff);  // never within UTF-8: what is added is a list, no concatenation
  }
  std::string text() const { return fmt::format("{:012x}", hash_ & 0xffffffffffff); }

 private:
  void step(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

bool makes_no_object(const std::string& setting) {
  static const std::set<std::string> order = {"ready",    "after", "links",         "timeout",
                                              "retry",    "when",  "allow_failure", "description",
                                              "profiles", "pool",  "pull_policy",   "stop_grace_period",
                                              "keep",     "engine"};
  return order.contains(setting);
}

void add_file(Hash& hash, const Path& path) {
  const fs::path where = path.text.starts_with('/') ? fs::path(path.text) : fs::path(path.folder) / path.text;
  std::ifstream file(where, std::ios::binary);
  hash.add(std::string(std::istreambuf_iterator<char>(file), {}));
}

void add(Hash& hash, const Graph& graph, const Sources& sources, const Value& value, bool contents) {
  if (value.secret) return hash.add("secret");
  if (const Late* late = value.as<Late>()) return hash.add(sources.text(late->expression->expression->span));
  if (const NodeRef* node = value.as<NodeRef>())
    return hash.add(node->node == no_node ? "" : graph.node(node->node).path);
  if (const List* list = value.as<List>()) {
    hash.add("[");
    for (const Value& item : *list) add(hash, graph, sources, item, contents);
    return hash.add("]");
  }
  const Made* made = value.as<Made>();
  const Map* map = made != nullptr ? &made->arguments : value.as<Map>();
  if (map != nullptr) {
    hash.add(made != nullptr ? made->function : "{");
    for (const auto& [key, item] : map->entries) {
      hash.add(key);
      add(hash, graph, sources, item, contents);
    }
    return hash.add("}");
  }
  hash.add(show(value));
  if (const Path* path = value.as<Path>(); path != nullptr && contents) add_file(hash, *path);
}

std::string known_text(const Node& node, const char* setting) {
  const std::string* text = node.value(setting).as<std::string>();
  return text == nullptr ? std::string() : *text;
}

bool is_empty(const Value& value) {
  const List* list = value.as<List>();
  const Map* map = value.as<Map>();
  return (list != nullptr && list->empty()) || (map != nullptr && map->entries.empty());
}

// The object on an engine that a node is; nothing for what is none, or is somebody else's to make. Containers
// of `run` steps, clones and snapshots are looked for in a run only: `up` leaves none.
std::optional<plan::Identity> object_of(const Observation& all, const std::vector<bool>& on_engine,
                                        NodeId id) {
  const Node& node = all.graph.node(id);
  if (node.policy.external) return std::nullopt;
  const bool of_run = !all.place.up;
  if ((node.kind == "service" || (node.kind == "run" && of_run)) && in_container(all.graph, id))
    return plan::Identity{{}, "service", object_name(all.graph, all.place, id)};
  const std::string named = known_text(node, "name");
  if (node.kind == "network" && !node.value("name").late())
    return plan::Identity{{}, "network", named.empty() ? object_name(all.graph, all.place, id) : named};
  if ((node.kind == "clone" || node.kind == "snapshot") && of_run && on_engine[index(id)])
    return plan::Identity{{}, "volume", object_name(all.graph, all.place, id)};
  if (node.kind != "volume" || !on_engine[index(id)] || !node.value("path").null() ||
      node.value("name").late())
    return std::nullopt;
  return plan::Identity{{}, "volume", volume_name(all.graph, all.place, id)};
}

// A folder that a volume, clone or snapshot of this machine is; nothing for what is none.
std::optional<plan::Fact> fact_of_folder(const Observation& all, const std::vector<bool>& on_engine,
                                         NodeId id) {
  const Node& node = all.graph.node(id);
  const bool is_folder = (node.kind == "volume" || node.kind == "clone" || node.kind == "snapshot") &&
                         !on_engine[index(id)] && node.value("path").null() && !node.policy.external;
  if (!is_folder || all.place.up) return std::nullopt;
  std::string name = node.path;
  for (char& c : name)
    if (c == '/' || c == ':') c = '_';
  const fs::path folder = node.policy.keep
                              ? fs::path(all.place.project_folder) / ".cairn" / "volumes" / node.path
                              : fs::path(all.place.folder) / "volumes" / name;
  plan::Fact fact{{"this machine", "volume", folder.string()}, plan::Absent{}, {}};
  std::error_code error;
  if (!fs::is_directory(folder, error)) return fact;
  plan::Ours ours;
  ours.id = folder.string();
  ours.run = all.place.run;
  ours.node = node.path;
  ours.keep = node.policy.keep;
  fact.found = std::move(ours);
  return fact;
}

// A service of this machine, by what `up` has recorded of it.
plan::Fact fact_of_host_service(const Observation& all, const std::vector<HostService>& kept, NodeId id) {
  const std::string& path = all.graph.node(id).path;
  plan::Fact fact{{"this machine", "service", path}, plan::Absent{}, spec_hash(all.graph, all.sources, id)};
  for (const HostService& service : kept) {
    if (service.node != path) continue;
    plan::Ours ours;
    ours.id = fmt::format("{}/{}", service.run, service.process);
    ours.spec = service.spec;
    ours.state = plan::ObjectState::ready;
    ours.node = path;
    fact.found = std::move(ours);
  }
  return fact;
}

}  // namespace

std::string spec_hash(const Graph& graph, const Sources& sources, NodeId node) {
  std::string all;
  const auto put = [&](std::string_view name, const Hash& hash) {
    all += fmt::format("{}{}={}", all.empty() ? "" : " ", name, hash.text());
  };
  for (const Setting& setting : graph.node(node).settings) {
    if (setting.value.null() || makes_no_object(setting.name)) continue;
    if (!setting.written && is_empty(setting.value)) continue;
    Hash hash;
    add(hash, graph, sources, setting.value, setting.name == "files" || setting.name == "env_file");
    put(setting.name, hash);
  }
  Hash network;
  for (const std::int64_t port : graph.node(node).publish) network.add(std::to_string(port));
  for (const std::string& scope : graph.node(node).join_scopes) network.add(scope);
  put("network", network);
  return all;
}

plan::Facts observe(const Observation& all, std::stop_token stop) {
  plan::Facts facts;
  const std::vector<bool> on_engine = stored_on_engine(all.graph);
  const std::vector<HostService> kept =
      all.place.up ? kept_services(all.place.project_folder + "/.cairn") : std::vector<HostService>();
  std::map<std::string, EngineLook> looks;
  for (std::size_t n = 0; n < all.graph.nodes.size(); ++n) {
    const NodeId id{static_cast<std::uint32_t>(n)};
    if (std::optional<plan::Fact> folder = fact_of_folder(all, on_engine, id)) {
      facts.of_node[all.graph.nodes[n].path] = std::move(*folder);
      continue;
    }
    // Those of a run die with it.
    if (all.graph.nodes[n].kind == "service" && !in_container(all.graph, id) && !all.place.up) continue;
    if (all.graph.nodes[n].kind == "service" && !in_container(all.graph, id)) {
      facts.of_node[all.graph.nodes[n].path] = fact_of_host_service(all, kept, id);
      continue;
    }
    std::optional<plan::Identity> identity = object_of(all, on_engine, id);
    if (!identity) continue;
    plan::Fact fact{*identity, plan::Absent{}, spec_hash(all.graph, all.sources, id)};
    Result<docker::Endpoint> endpoint = endpoint_of(all.graph, id);
    if (!endpoint) {
      fact.found = plan::Unreachable{endpoint.failure().message};
      facts.of_node[all.graph.node(id).path] = std::move(fact);
      continue;
    }
    fact.identity.where = endpoint->shown;
    auto look = looks.find(endpoint->shown);
    if (look == looks.end())
      look = looks
                 .emplace(endpoint->shown,
                          look_at(all.http, all.clock, *endpoint, all.place.project, stop, all.tunnels))
                 .first;
    if (look->second.unreachable) {
      fact.found = plan::Unreachable{look->second.unreachable->message};
      facts.of_node[all.graph.node(id).path] = std::move(fact);
      continue;
    }
    for (const plan::Fact& one : look->second.ours) {
      if (one.identity.what != fact.identity.what || one.identity.name != fact.identity.name) continue;
      plan::Ours ours = std::get<plan::Ours>(one.found);
      // One that runs was ready once; whoever keeps it looks again.
      if (ours.state == plan::ObjectState::running) ours.state = plan::ObjectState::ready;
      // A volume that outlives runs has the label of the one that made it, and is this one's all the same.
      if (fact.identity.what == "volume" && ours.keep)
        ours.run = all.place.up ? std::string() : all.place.run;
      // An engine makes volumes and networks whole; a clone is filled afterwards.
      const bool filled = all.graph.nodes[n].kind == "clone" || all.graph.nodes[n].kind == "snapshot";
      if (fact.identity.what != "service" && !filled) ours.state = plan::ObjectState::ready;
      fact.found = ours;
    }
    facts.of_node[all.graph.node(id).path] = std::move(fact);
  }
  return facts;
}

}  // namespace cairn::kinds
