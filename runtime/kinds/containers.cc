#include "runtime/kinds/containers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/effects/locks.h"
#include "runtime/kinds/announced.h"
#include "runtime/kinds/binding.h"
#include "runtime/kinds/engines_used.h"
#include "runtime/kinds/observe.h"
#include "runtime/kinds/registry_login.h"
#include "runtime/platform/docker/images.h"
#include "runtime/platform/docker/networks.h"
#include "runtime/reach/tunnel.h"

namespace cairn::kinds {
namespace {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::optional<std::string>() : std::string(value);
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// "linux/arm64/v8" is asked for and "linux/arm64" there, as engines that know no variants say it.
bool is_for(std::string_view there, std::string_view asked) {
  return asked.starts_with(there) && (asked.size() == there.size() || asked[there.size()] == '/');
}

constexpr std::chrono::seconds agent_start(20), agent_pause(2);

// What Docker allows in names, and nothing that a shell would mind.
std::string plain(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_';
    if (fine)
      out += c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  while (out.ends_with('_')) out.pop_back();
  return out;
}

const Value* inherited_engine(const Graph& graph, NodeId node) {
  const Value& own = graph.node(node).value("engine");
  if (!own.null()) return &own;
  const NodeId stage = graph.node(node).stage;
  if (stage == no_node) return nullptr;
  const Value& of_stage = graph.node(stage).value("engine");
  return of_stage.null() ? nullptr : &of_stage;
}

// Of the `engine` block that it is on; empty for the one that the docker client would use.
std::string engine_path(const Graph& graph, NodeId node) {
  const Value* declared = inherited_engine(graph, node);
  return declared != nullptr && declared->as<NodeRef>() != nullptr
             ? graph.node(declared->as<NodeRef>()->node).path
             : std::string();
}

// Whether a service of this scope outlives the run, and with it the network that it is on.
bool keeps_something(const Graph& graph, const std::string& scope) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return node.policy.keep && node.node_class == NodeClass::service &&
           (node.scope == scope ||
            std::find(node.join_scopes.begin(), node.join_scopes.end(), scope) != node.join_scopes.end());
  });
}

}  // namespace

Result<docker::Endpoint> endpoint_of(const Graph& graph, NodeId node) {
  const Value* declared = inherited_engine(graph, node);
  docker::EndpointQuestion question{{}, {}, {}, environment, read_file};
  if (declared != nullptr && declared->as<NodeRef>() != nullptr) {
    const Node& engine = graph.node(declared->as<NodeRef>()->node);
    const Value& type = engine.value("type");
    if (type.as<std::string>() != nullptr && *type.as<std::string>() != "docker")
      return Failure{.message = fmt::format("`{}` is a {} engine", engine.path, *type.as<std::string>()),
                     .causes = {"this cairn runs containers on Docker engines"},
                     .help = {},
                     .is = FailureClass::endpoint};
    if (const std::string* host = engine.value("host").as<std::string>()) question.host = *host;
    if (const std::string* context = engine.value("context").as<std::string>()) question.context = *context;
    if (const Map* tls = engine.value("tls").as<Map>()) {
      http::Tls files;
      for (const auto& [name, value] : tls->entries) {
        const Path* path = value.as<Path>();
        // Absolute, since `clean` and `ps` may be called from elsewhere.
        const std::string file =
            path == nullptr ? std::string()
                            : std::filesystem::absolute(std::filesystem::path(path->folder) / path->text)
                                  .lexically_normal()
                                  .string();
        if (name == "ca") files.ca_file = file;
        if (name == "cert") files.cert_file = file;
        if (name == "key") files.key_file = file;
        if (name == "verify" && value.as<bool>() != nullptr) files.verify = *value.as<bool>();
      }
      question.tls = files;
    }
  }
  return docker::resolve_endpoint(question);
}

std::string object_name(const Graph& graph, const RunPlace& place, NodeId node, const std::string& suffix) {
  std::string name = fmt::format("cairn-{}-", place.project);
  if (!place.up) name += fmt::format("{}-", short_run_id(place.run));
  name += plain(graph.node(node).path);
  return suffix.empty() ? name : fmt::format("{}-{}", name, suffix);
}

std::string scope_network_name(const RunPlace& place, const std::string& scope) {
  return fmt::format("cairn-{}-{}{}", place.project,
                     place.up ? std::string() : fmt::format("{}-", short_run_id(place.run)),
                     scope.empty() ? std::string("file") : plain(scope));
}

Result<docker::Engine*> Containers::engine_of(NodeId node, std::stop_token stop) {
  const std::string key = engine_path(world_.graph, node);
  std::lock_guard lock(engines_mutex_);
  const auto known = engines_.find(key);
  if (known != engines_.end()) return known->second.get();
  Result<docker::Endpoint> endpoint = endpoint_of(world_.graph, node);
  if (!endpoint) return endpoint.failure();
  if (world_.tunnels != nullptr) {
    endpoint = world_.tunnels->through(std::move(*endpoint), stop);
    if (!endpoint) return endpoint.failure();
  }
  auto engine = std::make_unique<docker::Engine>(
      world_.http, world_.clock, *endpoint, environment("DOCKER_API_VERSION").value_or(""),
      [this, its = *endpoint] { return record_engine(world_.place.folder, its); });
  return engines_.emplace(key, std::move(engine)).first->second.get();
}

std::string Containers::object_name(NodeId node, const std::string& suffix) const {
  return kinds::object_name(world_.graph, world_.place, node, suffix);
}

docker::Identity Containers::identity(NodeId node, const std::string& name, int attempt) const {
  const Node& its = world_.graph.node(node);
  docker::Identity identity;
  identity.project = world_.place.project;
  // Data that are to outlive runs are no run's: they are removed as those of an `up` are, when that is asked
  // for.
  const bool of_no_run = world_.place.up || (its.kind == "volume" && its.policy.keep);
  identity.run = of_no_run ? std::string() : world_.place.run;
  identity.node = its.path;
  identity.attempt = std::to_string(attempt);
  identity.name = name;
  identity.keep = world_.place.keep || its.policy.keep;
  identity.spec = spec_hash(world_.graph, world_.sources, world_.place.project_folder, node);
  return identity;
}

Result<std::string> Containers::join_scope(docker::Engine& engine, const std::string& scope,
                                           execute::StepContext& context) {
  const Turn::Held turn = networks_turn_.take(world_.clock, context.stop());
  if (!turn)
    return Failure{.message = "stopped while waiting for a network",
                   .is = FailureClass::cancelled,
                   .nothing_done = true};
  ScopeNetwork& network = networks_[{&engine, scope}];
  if (network.id.empty()) {
    docker::NetworkSpec spec;
    spec.identity.project = world_.place.project;
    spec.identity.run = world_.place.up ? std::string() : world_.place.run;
    spec.identity.node = scope;
    spec.identity.attempt = "1";
    spec.identity.name = scope_network_name(world_.place, scope);
    spec.identity.keep = world_.place.keep || keeps_something(world_.graph, scope);
    Result<std::string> id = announced(
        context,
        making(EffectClass::found, "create network", engine.endpoint().shown, "network", spec.identity.name),
        [&] { return docker::create_network(engine, spec, context.stop()); },
        [](const std::string& its) { return its; });
    if (!id) {
      if (!id.failure().nothing_done) ++network.users;
      return id.failure();
    }
    network.id = *id;
  }
  ++network.users;
  return network.id;
}

// One whose making has failed, perhaps halfway: by its name.
Result<Done> Containers::remove_scope_network(docker::Engine& engine, const std::string& scope,
                                              std::stop_token stop) {
  const std::string name = scope_network_name(world_.place, scope);
  const std::string run = world_.place.up ? std::string() : world_.place.run;
  const auto all = docker::list_networks(
      engine, {fmt::format("{}project={}", docker::label_prefix, world_.place.project)}, stop);
  if (!all) return all.failure();
  for (const docker::NetworkFacts& one : *all) {
    const bool ours = docker::owner_of(one.labels, one.name, world_.place.project) == docker::Owner::ours;
    if (!ours || one.name != name || docker::identity_in(one.labels).run != run) continue;
    if (Result<> gone = remove_network(engine, one.id, stop); !gone) return gone;
  }
  return Done{};
}

Result<Done> Containers::leave_scope(docker::Engine& engine, const std::string& scope, std::stop_token stop) {
  const Turn::Held turn = networks_turn_.take(world_.clock, stop);
  if (!turn) return Failure{.message = "stopped while waiting for a network", .is = FailureClass::cancelled};
  const auto found = networks_.find({&engine, scope});
  if (found == networks_.end() || --found->second.users > 0) return Done{};
  Result<> removed = found->second.id.empty() ? remove_scope_network(engine, scope, stop)
                                              : remove_network(engine, found->second.id, stop);
  // Containers that an earlier process has left may still be in it; whatever is left then goes at the end of
  // the run.
  if (!removed && !world_.place.resumed) {
    found->second.users = 1;  // whoever leaves is still in it, and may leave again
    return removed;
  }
  networks_.erase(found);
  return Done{};
}

Result<std::shared_ptr<reach::Relay>> Containers::agent_on(docker::Engine& engine, const std::string& network,
                                                           const reach::Attempt& attempt) {
  const std::lock_guard lock(agents_mutex_);
  AgentSlot& slot = agents_[&engine];
  const Instant now = world_.clock.now();
  if (slot.agent != nullptr && slot.agent->relay()->broken()) {
    if (Result<Done> gone = slot.agent->remove(attempt.stop); !gone) return gone.failure();
    slot.agent = nullptr;
  }
  if (slot.agent == nullptr) {
    if (slot.failed && now < slot.try_again) return *slot.failed;
    docker::Identity identity;
    identity.project = world_.place.project;
    identity.run = world_.place.run;  // also under `up`: it goes with this process
    identity.node = "(agent)";
    identity.attempt = "1";
    identity.name = fmt::format("cairn-agent-{}-{}", world_.place.project, short_run_id(world_.place.run));
    if (agents_.size() > 1) identity.name += fmt::format("-{}", agents_.size());
    // A probe looks for a short time; an agent may need longer, and the next look finds it.
    const reach::Attempt start{std::max(attempt.deadline, now + agent_start), attempt.stop};
    Result<std::shared_ptr<reach::Agent>> agent =
        reach::Agent::start(engine, {identity, world_.place.folder}, network, start);
    if (!agent) {
      slot.failed = agent.failure();
      slot.try_again = world_.clock.now() + agent_pause;
      return std::move(agent.failure());
    }
    slot.agent = *agent;
    slot.failed.reset();
  }
  if (Result<Done> joined = slot.agent->join(network, attempt.stop); !joined) return joined.failure();
  return slot.agent->relay();
}

Result<Done> Containers::remove_network(docker::Engine& engine, const std::string& id, std::stop_token stop) {
  {
    const std::lock_guard lock(agents_mutex_);
    const auto found = agents_.find(&engine);
    if (found != agents_.end() && found->second.agent != nullptr)
      if (Result<Done> left = found->second.agent->leave(id, stop); !left) return left;
  }
  return docker::remove_network(engine, id, stop);
}

std::vector<Failure> Containers::remove_agents() {
  const std::lock_guard lock(agents_mutex_);
  std::vector<Failure> left;
  for (auto& [engine, slot] : agents_)
    if (slot.agent != nullptr)
      if (Result<Done> gone = slot.agent->remove({}); !gone) left.push_back(gone.failure());
  agents_.clear();
  return left;
}

Result<std::string> Containers::image_for(docker::Engine& engine, NodeId, const Value& image,
                                          const std::string& pull_policy, execute::StepContext& context,
                                          const std::string& platform) {
  if (const NodeRef* block = image.as<NodeRef>()) {
    const Value id = context.exported(block->node, "id");
    if (id.as<std::string>() == nullptr)
      return Failure{
          .message = fmt::format("the image `{}` was not made", world_.graph.node(block->node).path),
          .causes = {},
          .help = {}};
    return *id.as<std::string>();
  }
  const std::string reference = As<std::string>::take(image);
  if (pull_policy != "always") {
    const Result<std::optional<docker::ImageFacts>> there = facts_of_image(engine, reference, context.stop());
    if (!there) return there.failure();
    if (*there && (platform.empty() || is_for((*there)->platform, platform))) return (*there)->id;
    if (pull_policy == "never")
      return Failure{.message = fmt::format("the engine has no image `{}`", reference),
                     .causes = {"`pull_policy` is \"never\""},
                     .help = fmt::format("`docker pull {}` fetches it", reference)};
  }
  context.say(progress::StepProgress{fmt::format("pull {}", reference), {}});
  Result<Text> login = registry_login(world_, {}, docker::read_reference(reference).registry(), context);
  if (!login)
    return std::move(login.failure()).within(fmt::format("could not pull the image `{}`", reference));
  if (Result<> pulled = docker::pull_image(
          engine, {reference, platform, *login}, [&](const std::string& line) { context.note(line); },
          context.stop());
      !pulled)
    return pulled.failure();
  reference_has_moved(engine, reference);
  const Result<std::optional<docker::ImageFacts>> there =
      docker::inspect_image(engine, reference, context.stop());
  if (!there) return there.failure();
  if (!*there)
    return Failure{.message = fmt::format("the image `{}` was pulled and is not there", reference),
                   .causes = {},
                   .help = {},
                   .is = FailureClass::endpoint};
  return (*there)->id;
}

Result<std::optional<docker::ImageFacts>> Containers::facts_of_image(docker::Engine& engine,
                                                                     const std::string& image,
                                                                     std::stop_token stop) {
  const Turn::Held turn = images_turn_.take(world_.clock, stop);
  if (!turn) return Failure{.message = "stopped while waiting for an image", .is = FailureClass::cancelled};
  const auto known = images_.find({&engine, image});
  if (known != images_.end()) return std::optional(known->second);
  Result<std::optional<docker::ImageFacts>> facts = docker::inspect_image(engine, image, std::move(stop));
  if (!facts || !*facts) return facts;
  images_[{&engine, (*facts)->id}] = **facts;
  images_[{&engine, image}] = **facts;
  return facts;
}

void Containers::reference_has_moved(docker::Engine& engine, const std::string& image) {
  const Turn::Held turn = images_turn_.take(world_.clock, {});
  images_.erase({&engine, image});
}

std::unique_ptr<Containers> make_containers(World& world) {
  bool needed = false;
  for (std::size_t n = 0; n < world.graph.nodes.size(); ++n) {
    const Node& node = world.graph.nodes[n];
    needed = needed || in_container(world.graph, NodeId{static_cast<std::uint32_t>(n)}) ||
             node.kind == "image" || node.kind == "network" || node.kind == "push" || world.on_engine[n];
  }
  return needed ? std::make_unique<Containers>(world) : nullptr;
}

}  // namespace cairn::kinds
