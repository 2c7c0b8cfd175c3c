#include "runtime/kinds/observe.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "runtime/effects/in_one_line.h"
#include "runtime/kinds/arrays.h"
#include "runtime/kinds/built_images.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/file_source.h"
#include "runtime/kinds/kept_services.h"
#include "runtime/kinds/leftovers.h"
#include "runtime/kinds/remembered.h"
#include "runtime/kinds/storage.h"
#include "runtime/kinds/value_hash.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/images.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

bool makes_no_object(const std::string& setting) {
  static const std::set<std::string> order = {"ready",    "after", "links",         "timeout",
                                              "retry",    "when",  "allow_failure", "description",
                                              "profiles", "pool",  "pull_policy",   "stop_grace_period",
                                              "keep",     "engine"};
  return order.contains(setting);
}

std::string known_text(const Node& node, const char* setting) {
  const std::string* text = node.value(setting).as<std::string>();
  return text == nullptr ? std::string() : *text;
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
  plan::Fact fact{{"this machine", "service", path},
                  plan::Absent{},
                  spec_hash(all.graph, all.sources, all.place.project_folder, id)};
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

std::string hash_of(const Graph& graph, const Sources& sources, const std::string& project_folder,
                    NodeId node, bool object_only) {
  const std::string folder = folder_of(graph, sources, node, project_folder);
  std::string all;
  const auto put = [&](std::string_view name, const Hash& hash) {
    all += fmt::format("{}{}={}", all.empty() ? "" : " ", name, hash.text());
  };
  for (const Setting& setting : graph.node(node).settings) {
    if (setting.value.null() || (object_only && makes_no_object(setting.name))) continue;
    if (!setting.written && is_empty(setting.value)) continue;
    Hash hash;
    add_value(hash, graph, sources, setting.value,
              setting.name == "files" || setting.name == "env_file" ? &folder : nullptr);
    put(setting.name, hash);
  }
  Hash network;
  for (const std::int64_t port : graph.node(node).publish) network.add(std::to_string(port));
  for (const std::string& scope : graph.node(node).join_scopes) network.add(scope);
  put("network", network);
  return all;
}

// The engines that facts are asked of, each looked at once.
class Looking {
 public:
  Looking(const Observation& all, std::stop_token stop) : all_(all), stop_(std::move(stop)) {}

  // Of a node's engine: what is there of the project.
  Result<const EngineLook*> look(NodeId node) {
    const Result<docker::Endpoint> endpoint = endpoint_of(all_.graph, node);
    if (!endpoint) return endpoint.failure();
    auto found = looks_.find(endpoint->shown);
    if (found != looks_.end()) return &found->second;
    found = looks_
                .emplace(endpoint->shown,
                         look_at(all_.http, all_.clock, *endpoint, all_.place.project, stop_, all_.tunnels))
                .first;
    if (all_.seen != nullptr)
      for (const auto& container : found->second.containers) all_.seen->put(container->id, container);
    return &found->second;
  }
  // The engine itself, connected to.
  Result<docker::Engine*> engine(NodeId node) {
    const Result<const EngineLook*> its = look(node);
    if (!its) return its.failure();
    if ((*its)->unreachable) return *(*its)->unreachable;
    return (*its)->engine.get();
  }
  std::string image_id(NodeId node) {
    const std::string* reference = all_.graph.node(node).value("image").as<std::string>();
    if (reference == nullptr) return {};
    Result<docker::Engine*> where = engine(node);
    if (!where) return {};
    const Result<std::optional<docker::ImageFacts>> facts = docker::inspect_image(**where, *reference, stop_);
    return facts && *facts ? (*facts)->id : std::string();
  }

 private:
  const Observation& all_;
  const std::stop_token stop_;
  std::map<std::string, EngineLook> looks_;
};

void look_at_image(const Observation& all, Looking& looking, NodeId id, plan::Facts& facts,
                   std::stop_token stop) {
  const Node& node = all.graph.node(id);
  const std::string cairn_folder = all.place.project_folder + "/.cairn";
  const Result<docker::Endpoint> endpoint = endpoint_of(all.graph, id);
  if (!endpoint || !built_image(cairn_folder, node.path, endpoint->shown))
    return;  // no engine is asked in vain
  Result<docker::Engine*> engine = looking.engine(id);
  if (!engine || !built_image(cairn_folder, node.path, (*engine)->endpoint().shown)) return;
  const std::optional<std::string> inputs = image_inputs(all.graph, all.sources, id, **engine, stop);
  if (!inputs) return;
  plan::Fact fact{{(*engine)->endpoint().shown, "image", node.path},
                  find_built_image(cairn_folder, node.path, **engine, stop),
                  *inputs};
  // Whoever has to make it says better what is wrong with its engine.
  if (!std::holds_alternative<plan::Unreachable>(fact.found)) facts.of_node[node.path] = std::move(fact);
}

// A folder of `.cairn`, which holds the data of a volume that no container mounts.
std::optional<plan::Fact> fact_of_kept_folder(const Observation& all, NodeId id) {
  const Node& node = all.graph.node(id);
  if (node.policy.external || !node.value("path").null()) return std::nullopt;
  plan::Fact fact{{"this machine", "volume", node.path}, plan::Absent{}, {}};
  std::error_code error;
  if (std::filesystem::is_directory(
          std::filesystem::path(all.place.project_folder) / ".cairn" / "volumes" / node.path, error)) {
    plan::Ours ours;
    ours.id = node.path;
    ours.node = node.path;
    fact.found = std::move(ours);
  }
  return fact;
}

void look_at_node(const Observation& all, Looking& looking, const std::vector<bool>& on_engine, NodeId id,
                  plan::Facts& facts) {
  const Node& node = all.graph.node(id);
  std::optional<plan::Identity> identity = object_of(all, on_engine, id);
  if (!identity) return;
  plan::Fact fact{*identity, plan::Absent{}, spec_hash(all.graph, all.sources, all.place.project_folder, id)};
  const Result<const EngineLook*> look = looking.look(id);
  if (!look || (*look)->unreachable) {
    const Failure& why = look ? *(*look)->unreachable : look.failure();
    const Result<docker::Endpoint> endpoint = endpoint_of(all.graph, id);
    if (endpoint) fact.identity.where = endpoint->shown;
    fact.found = plan::Unreachable{
        fmt::format("{}{}{}", why.message, why.causes.empty() ? "" : ": ", fmt::join(why.causes, ": ")),
        why.help};
    facts.of_node[node.path] = std::move(fact);
    return;
  }
  fact.identity.where = (*look)->engine->endpoint().shown;
  for (const plan::Fact& one : (*look)->ours) {
    if (one.identity.what != fact.identity.what || one.identity.name != fact.identity.name) continue;
    plan::Ours ours = std::get<plan::Ours>(one.found);
    // One that runs was ready once; whoever keeps it looks again.
    if (ours.state == plan::ObjectState::running) ours.state = plan::ObjectState::ready;
    // A volume that outlives runs has the label of the one that made it, and is this one's all the same.
    if (fact.identity.what == "volume" && ours.keep) ours.run = all.place.up ? std::string() : all.place.run;
    // An engine makes volumes and networks whole; a clone is filled afterwards.
    const bool filled = node.kind == "clone" || node.kind == "snapshot";
    if (fact.identity.what != "service" && !filled) ours.state = plan::ObjectState::ready;
    fact.found = ours;
  }
  facts.of_node[node.path] = std::move(fact);
}

}  // namespace

std::string spec_hash(const Graph& graph, const Sources& sources, const std::string& project_folder,
                      NodeId node) {
  return hash_of(graph, sources, project_folder, node, true);
}
std::string settings_hash(const Graph& graph, const Sources& sources, const std::string& project_folder,
                          NodeId node) {
  return hash_of(graph, sources, project_folder, node, false);
}

plan::Facts observe(const Observation& all, std::stop_token stop) {
  plan::Facts facts;
  const std::vector<bool> on_engine = stored_on_engine(all.graph);
  Looking looking(all, stop);
  const std::vector<HostService> kept =
      all.place.up ? kept_services(all.place.project_folder + "/.cairn") : std::vector<HostService>();
  for (std::size_t n = 0; n < all.graph.nodes.size(); ++n) {
    const NodeId id{static_cast<std::uint32_t>(n)};
    const Node& node = all.graph.nodes[n];
    const bool on_this_machine = node.kind == "service" && !in_container(all.graph, id);
    if (all.resumed) {
      if (std::optional<plan::Fact> folder = fact_of_folder(all, on_engine, id))
        facts.of_node[node.path] = std::move(*folder);
      else if (!on_this_machine)  // those of a run die with it
        look_at_node(all, looking, on_engine, id, facts);
    } else if (node.kind == "image") {
      look_at_image(all, looking, id, facts, stop);
    } else if (node.kind == "volume" && !on_engine[n] && (all.place.up || node.policy.keep)) {
      if (std::optional<plan::Fact> fact = fact_of_kept_folder(all, id))
        facts.of_node[node.path] = std::move(*fact);
    } else if (!all.place.up) {
      continue;  // a run makes all else anew
    } else if (on_this_machine) {
      facts.of_node[node.path] = fact_of_host_service(all, kept, id);
    } else {
      look_at_node(all, looking, on_engine, id, facts);
    }
  }
  // What a run that goes on has done is in its journal.
  if (all.resumed) return facts;
  look_at_remembered(
      all.graph, all.sources, all.inputs, all.place, [&](NodeId node) { return looking.image_id(node); },
      facts);
  return facts;
}

}  // namespace cairn::kinds
