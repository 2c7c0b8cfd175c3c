#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "runtime/execute/companion.h"
#include "runtime/kinds/announced.h"
#include "runtime/kinds/containers.h"
#include "runtime/kinds/deploy.h"
#include "runtime/platform/docker/archive.h"
#include "runtime/platform/docker/containers.h"
#include "runtime/platform/docker/exec.h"
#include "runtime/platform/docker/images.h"
#include "runtime/platform/docker/logs.h"
#include "runtime/reach/docker_target.h"
#include "runtime/reach/relay.h"

namespace cairn::kinds {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view outputs_path = "/tmp/.cairn-outputs";

std::string absolute(const Path& path) {
  return path.text.starts_with('/') ? path.text
                                    : (fs::path(path.folder) / path.text).lexically_normal().string();
}

std::string home_expanded(const std::string& text) {
  const char* home = std::getenv("HOME");
  return text.starts_with("~/") && home != nullptr ? std::string(home) + text.substr(1) : text;
}

std::optional<std::uint16_t> port_in(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0
             ? std::optional<std::uint16_t>(port)
             : std::nullopt;
}

// 8080, "80:8080", "127.0.0.1:80:8080", "53:53/udp".
Result<docker::PublishedPort> published_port(const Value& value) {
  docker::PublishedPort port;
  if (const std::int64_t* number = value.as<std::int64_t>()) {
    port.container_port = static_cast<std::uint16_t>(*number);
    port.host_address = "127.0.0.1";
    return port;
  }
  std::string text = *value.as<std::string>();
  const Failure wrong{.message = fmt::format("`{}` is no port", text),
                      .causes = {},
                      .help = "write `8080`, \"80:8080\" (host port first) or \"127.0.0.1:80:8080\""};
  if (const std::size_t slash = text.find('/'); slash != std::string::npos) {
    port.protocol = text.substr(slash + 1);
    text.resize(slash);
  }
  std::vector<std::string> parts;
  for (std::size_t colon = text.rfind(':'); parts.size() < 2 && colon != std::string::npos;
       colon = text.rfind(':')) {
    parts.insert(parts.begin(), text.substr(colon + 1));
    text.resize(colon);
  }
  parts.insert(parts.begin(), text);
  const std::optional<std::uint16_t> inner = port_in(parts.back());
  if (!inner) return wrong;
  port.container_port = *inner;
  if (parts.size() >= 2) {
    port.host_port = port_in(parts[parts.size() - 2]);
    if (!port.host_port) return wrong;
  }
  if (parts.size() == 3) port.host_address = parts.front();
  return port;
}

Result<docker::MountSpec> mount_of(const World& world, execute::StepContext& context,
                                   const std::string& target, const Value& value) {
  docker::MountSpec mount;
  mount.target = target;
  const Value* at = &value;
  std::string part;
  while (const Made* made = at->as<Made>()) {
    if (made->function == "readonly") mount.read_only = true;
    if (made->function == "subpath" && made->arguments.entries.size() > 1)
      part = "/" + plain_text(made->arguments.entries[1].second);
    at = &made->arguments.entries.front().second;
  }
  if (const NodeRef* volume = at->as<NodeRef>()) {
    const Node& node = world.graph.node(volume->node);
    const Value name = context.exported(volume->node, "name");
    if (name.as<std::string>() == nullptr)
      return Failure{.message = fmt::format("`{}` was not made", node.path), .causes = {}, .help = {}};
    if (const bool* read_only = node.value("read_only").as<bool>())
      mount.read_only = mount.read_only || *read_only;
    const bool folder = name.as<std::string>()->starts_with('/');
    mount.is = folder ? docker::MountSpec::Is::bind : docker::MountSpec::Is::volume;
    mount.source = *name.as<std::string>() + (folder ? part : std::string());
    if (!folder && !part.empty())
      return Failure{.message = fmt::format("a part of the volume `{}` cannot be mounted", node.path),
                     .causes = {"`subpath` of a volume needs a newer engine API"},
                     .help = "mount the whole volume"};
    return mount;
  }
  mount.is = docker::MountSpec::Is::bind;
  if (const Path* path = at->as<Path>())
    mount.source = path->text.starts_with('~') ? home_expanded(path->text) : absolute(*path);
  else
    mount.source = As<std::string>::take(*at);
  mount.source += part;
  std::error_code error;
  if (!fs::exists(mount.source, error))
    return Failure{.message = fmt::format("there is no `{}` to mount at `{}`", mount.source, target),
                   .causes = {},
                   .help = "a relative path starts at the folder of its file"};
  return mount;
}

std::optional<Nanoseconds> duration_in(const Named<Value>& settings, std::string_view name) {
  for (const auto& [key, value] : settings)
    if (key == name && value.as<Duration>() != nullptr)
      return Milliseconds(value.as<Duration>()->milliseconds);
  return std::nullopt;
}

docker::HealthcheckSpec healthcheck_of(const Named<Value>& settings) {
  docker::HealthcheckSpec check;
  for (const auto& [key, value] : settings) {
    if (key == "test") {
      if (const std::string* text = value.as<std::string>())
        check.test = {"CMD-SHELL", *text};
      else
        check.test = As<std::vector<std::string>>::take(value);
    }
    if (key == "disable" && value.as<bool>() != nullptr) check.disabled = *value.as<bool>();
    if (key == "retries" && value.as<std::int64_t>() != nullptr)
      check.retries = static_cast<int>(*value.as<std::int64_t>());
  }
  check.interval = duration_in(settings, "interval");
  check.timeout = duration_in(settings, "timeout");
  check.start_period = duration_in(settings, "start_period");
  check.start_interval = duration_in(settings, "start_interval");
  return check;
}

class ContainerWorkload final : public Workload {
 public:
  ContainerWorkload(Containers& containers, docker::Engine& engine, NodeId node, int attempt,
                    ProcessSettings settings, bool wants_outputs)
      : containers_(containers),
        world_(containers.world()),
        engine_(engine),
        node_(node),
        attempt_(attempt),
        settings_(std::move(settings)),
        wants_outputs_(wants_outputs),
        follower_(world_.threads, world_.clock),
        watcher_(world_.threads, world_.clock) {}
  ~ContainerWorkload() override { stop_following(); }

  Result<Done> adopt(const std::string& id, execute::StepContext& context) override {
    const Result<std::optional<docker::ContainerFacts>> there =
        docker::inspect_container(engine_, id, context.stop());
    if (!there) return there.failure();
    if (!*there)
      return Failure{
          .message = fmt::format("the container of `{}` has gone meanwhile", world_.graph.node(node_).path),
          .causes = {},
          .help = "repeat the command"};
    id_ = (*there)->id;
    image_ = (*there)->image_id;
    running_ = (*there)->running;
    docker::ContainerSpec spec;
    if (!settings_.healthcheck.empty()) spec.healthcheck = healthcheck_of(settings_.healthcheck);
    if (Result<docker::ContainerSpec> looked = look_at_image(context, std::move(spec)); !looked)
      return looked.failure();
    context.publish("id", Value{id_});
    context.publish("container", Value{(*there)->name});
    take_addresses(**there, context);
    return join_scopes(context);
  }

  Result<Done> look_after(execute::StepContext& context, const std::string& log_step) override {
    Result<docker::ExitWait> armed =
        docker::ExitWait::arm(engine_, id_, docker::ExitWait::For::not_running, context.stop());
    if (!armed) return armed.failure();
    wait_.emplace(std::move(*armed));
    return follow(log_step);
  }

  Result<Done> create(execute::StepContext& context) override {
    const std::string pull = settings_.pull_policy.empty() ? "missing" : settings_.pull_policy;
    Result<std::string> image = containers_.image_for(engine_, node_, settings_.image, pull, context,
                                                      settings_.platform.value_or(""));
    if (!image) return image.failure();
    image_ = *image;
    Result<docker::ContainerSpec> spec = spec_of(context);
    if (!spec) return spec.failure();
    name_ = spec->identity.name;
    Result<docker::CreatedContainer> made = announced(
        context,
        making(EffectClass::found, "create container", engine_.endpoint().shown, "service",
               spec->identity.name),
        [&] { return docker::create_container(engine_, *spec, context.stop()); },
        [](const docker::CreatedContainer& its) { return its.id; });
    if (!made) return made.failure();  // remove() looks what came of it
    id_ = made->id;
    for (const std::string& warning : made->warnings) context.note(warning);
    context.publish("id", Value{id_});
    context.publish("container", Value{spec->identity.name});
    return place_files(context);
  }

  Result<Done> start(execute::StepContext& context, const std::string& log_step) override {
    // Armed before the start: no exit is missed.
    Result<docker::ExitWait> armed =
        docker::ExitWait::arm(engine_, id_, docker::ExitWait::For::next_exit, context.stop());
    if (!armed) return armed.failure();
    wait_.emplace(std::move(*armed));
    started_wall_ms_ = world_.clock.wall_clock_ms();
    if (Result<> started = docker::start_container(engine_, id_, context.stop()); !started) {
      Failure why = started.failure();
      why.message = fmt::format("could not start the container of `{}`", world_.graph.node(node_).path);
      return why;
    }
    running_ = true;
    if (Result<Done> followed = follow(log_step); !followed) return followed;
    if (Result<Done> learnt = learn_addresses(context); !learnt) return learnt;
    if (settings_.post_start.empty()) return Done{};
    return announced(
        context,
        making(EffectClass::once, "run post_start", engine_.endpoint().shown, "service",
               containers_.object_name(node_)),
        [&] { return run_inside("post_start", settings_.post_start, context); },
        [&](const Done&) { return id_; });
  }

  Result<WorkloadEnd> wait(execute::StepContext& context) override {
    Result<int> code = exit_code(context.stop());
    if (!code) {
      Failure why = code.failure();
      if (Result<Done> stopped = stop(context); !stopped) why.causes.push_back(stopped.failure().message);
      return why;
    }
    running_ = false;
    finish_following();
    std::string says = fmt::format("exited {}", *code);
    if (*code == 137) {
      const auto facts = docker::inspect_container(engine_, id_, context.stop());
      if (facts && *facts && (*facts)->oom_killed) says += ", killed for memory";
    }
    std::lock_guard lock(output_mutex_);
    return WorkloadEnd{*code, says, output_};
  }

  void watch(std::shared_ptr<execute::DeathWatch> watch) override {
    const bool begun = watcher_.start([this, watch](std::stop_token stop) {
      Result<int> code = exit_code(stop);
      // While nobody can say how it is, it is not known to have ended; an engine that says nothing for a
      // minute is told of by those who need it.
      for (int tries = 0; !code && tries < 60; ++tries) {
        if (!world_.clock.sleep_for(std::chrono::seconds(1), stop)) return;
        code = exit_code(stop);
      }
      if (!code) return;
      running_ = false;
      std::string reason = fmt::format("exited {}", *code);
      if (*code == 137) {
        const auto facts = docker::inspect_container(engine_, id_, stop);
        if (facts && *facts && (*facts)->oom_killed) reason += ", killed for memory";
      }
      watch->died({reason, *code, {}});
    });
    if (!begun) watch->died({"cannot be watched: the system gives no more threads", {}, {}});
  }

  Result<Done> stop(execute::StepContext& context) override {
    end_watching();
    if (id_.empty()) return Done{};
    if (running_)
      if (Result<Done> drained = run_inside("pre_stop", settings_.pre_stop, context); !drained)
        context.note(drained.failure().message);
    docker::StopOrder order;
    if (settings_.stop_signal)
      order.signal = *settings_.stop_signal;
    else
      order.signal = image_stop_signal_.empty() ? "SIGTERM" : image_stop_signal_;
    order.grace = Milliseconds(settings_.stop_grace_period.milliseconds);
    order.hurry = context.hurry();
    const Result<int> code = docker::stop_container(engine_, id_, order, {});
    running_ = false;
    if (code) {
      finish_following();
      return Done{};
    }
    stop_following();  // what could not be stopped may go on writing
    // One that could not be started has no end that could be learnt.
    const auto facts = docker::inspect_container(engine_, id_, {});
    if (facts && (!*facts || !(*facts)->running)) return Done{};
    return code.failure();
  }

  Result<Done> remove(execute::StepContext&) override {
    end_watching();
    stop_following();
    if (id_.empty() && !name_.empty())
      if (Result<Done> found = find_what_was_made(); !found) return found;
    Result<Done> removed = Done{};
    if (!id_.empty()) removed = docker::remove_container(engine_, id_, {});
    if (removed) {
      id_.clear();
      name_.clear();
    }
    const Result<Done> left = leave_networks();
    return removed ? left : removed;
  }

  std::unique_ptr<reach::ProbeTarget> target() override {
    return std::make_unique<reach::DockerTarget>(
        reach::ContainerPlace{world_.graph.node(node_).path, id_,
                              [this](const std::string& text) { return world_.masker.masked(text); }},
        engine_, world_.connector.our_addresses(),
        [this](const std::string& network, const reach::Attempt& attempt) {
          return containers_.agent_on(engine_, network, attempt);
        });
  }

  std::vector<Value> own_probes() override {
    auto probe = [](const char* function, Map arguments) {
      arguments.set("within", Value{Duration{180'000}});
      return Value{Made{function, std::move(arguments)}};
    };
    if (has_healthcheck_) return {probe("healthy", {})};
    std::vector<Value> probes;
    std::vector<std::int64_t> ports = settings_.expose;
    for (const std::string& exposed : image_exposed_)
      if (exposed.ends_with("/tcp"))
        if (const std::optional<std::uint16_t> port =
                port_in(std::string_view(exposed).substr(0, exposed.size() - 4)))
          ports.push_back(*port);
    for (std::int64_t port : ports) {
      Map arguments;
      arguments.set("port", Value{port});
      probes.push_back(probe("tcp", std::move(arguments)));
    }
    return probes;
  }

  Result<std::vector<Fetched>> fetch(const std::string& pattern, const std::string& folder,
                                     execute::StepContext& context) override {
    // The archive call knows no patterns: the folder around is fetched, and searched here.
    const std::size_t slash = pattern.rfind('/');
    const std::string last = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
    const bool pattern_last = last.find_first_of("*?[") != std::string::npos;
    const std::string asked =
        pattern_last ? pattern.substr(0, slash == std::string::npos ? 0 : std::max<std::size_t>(slash, 1))
                     : pattern;
    const Result<std::optional<docker::PathFacts>> there =
        docker::stat_path(engine_, id_, asked, context.stop());
    if (!there) return there.failure();
    std::vector<Fetched> found;
    if (!*there) return found;
    std::string flat = asked;
    std::replace(flat.begin(), flat.end(), '/', '_');
    const fs::path destination = fs::path(folder) / flat;
    fs::remove_all(destination);
    const Result<docker::Extracted> extracted =
        docker::get_archive(engine_, id_, asked, destination.string(), {}, context.stop());
    if (!extracted) return extracted.failure();
    for (const std::string& left : extracted->left_out)
      context.note(fmt::format("{}: links and devices are not taken out of containers", left));
    const std::string brought = (*there)->is == docker::PathFacts::Is::folder
                                    ? destination.string()
                                    : (destination / fs::path(asked).filename()).string();
    if (!pattern_last) return std::vector<Fetched>{{pattern, brought}};
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(brought, error))
      if (fnmatch(last.c_str(), entry.path().filename().c_str(), 0) == 0)
        found.push_back({pattern, entry.path().string()});
    std::sort(found.begin(), found.end(), [](const Fetched& a, const Fetched& b) { return a.path < b.path; });
    return found;
  }

  Result<std::string> written_outputs(execute::StepContext& context) override {
    Result<std::vector<Fetched>> file =
        fetch(std::string(outputs_path), world_.scratch(node_, "steps"), context);
    if (!file) return file.failure();
    if (file->empty()) return std::string();
    std::ifstream in(file->front().path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

 private:
  Result<docker::ContainerSpec> spec_of(execute::StepContext& context) {
    const Graph& graph = world_.graph;
    const Node& node = graph.node(node_);
    docker::ContainerSpec spec;
    spec.identity = containers_.identity(node_, containers_.object_name(node_), attempt_);
    spec.image = image_;
    spec.command = settings_.command;
    spec.entrypoint = settings_.entrypoint;
    if (settings_.script) {
      spec.entrypoint = std::vector<std::string>{settings_.shell, "-e", "-c"};
      spec.command = std::vector<std::string>{*settings_.script};
    }
    for (const Path& path : settings_.env_file) {
      std::ifstream file(absolute(path));
      if (!file)
        return Failure{.message = fmt::format("the `env_file` `{}` cannot be read", path.text),
                       .causes = {},
                       .help = {}};
      for (std::string line; std::getline(file, line);) {
        if (line.ends_with('\r')) line.pop_back();
        const std::size_t equals = line.find('=');
        if (!line.empty() && line.front() != '#' && equals != std::string::npos)
          spec.env[line.substr(0, equals)] = Text(line.substr(equals + 1));
      }
    }
    for (const auto& [name, value] : settings_.env) spec.env[name] = value;
    if (wants_outputs_) spec.env["CAIRN_OUTPUT"] = Text(std::string(outputs_path));
    if (settings_.working_dir) spec.working_dir = *settings_.working_dir;
    if (settings_.user) spec.user = settings_.user->exposed();
    if (settings_.hostname) spec.hostname = *settings_.hostname;
    for (const auto& [name, value] : settings_.labels) spec.labels[name] = value.exposed();
    spec.init = settings_.init;
    spec.tty = settings_.tty;
    spec.stdin_open = settings_.stdin_open;
    spec.read_only = settings_.read_only;
    spec.privileged = settings_.privileged;
    for (const auto& [target, value] : settings_.mounts) {
      Result<docker::MountSpec> mount = mount_of(world_, context, target, value);
      if (!mount) return mount.failure();
      spec.mounts.push_back(std::move(*mount));
    }
    if (settings_.use_api_socket && !engine_.endpoint().unix_socket.empty())
      spec.mounts.push_back({docker::MountSpec::Is::bind,
                             engine_.endpoint().unix_socket,
                             "/var/run/docker.sock",
                             false,
                             false,
                             {},
                             {},
                             {}});
    for (const std::string& text : settings_.tmpfs) {
      const std::size_t colon = text.find(':');
      spec.tmpfs[text.substr(0, colon)] = colon == std::string::npos ? std::string() : text.substr(colon + 1);
    }
    for (NodeId other : settings_.volumes_from) spec.volumes_from.push_back(id_of(context, other));
    for (const Value& value : settings_.ports) {
      Result<docker::PublishedPort> port = published_port(value);
      if (!port) return port.failure();
      spec.ports.push_back(std::move(*port));
    }
    // What a reader outside of the network needs; on loopback only.
    for (std::int64_t port : node.publish) {
      const auto same = [&](const docker::PublishedPort& other) {
        return other.container_port == port && other.protocol == "tcp";
      };
      if (std::none_of(spec.ports.begin(), spec.ports.end(), same))
        spec.ports.push_back({static_cast<std::uint16_t>(port), "tcp", "127.0.0.1", {}});
    }
    for (std::int64_t port : settings_.expose) spec.expose.push_back(fmt::format("{}/tcp", port));
    if (Result<Done> joined = join_networks(spec, context); !joined) return joined.failure();
    for (const auto& [name, address] : settings_.extra_hosts)
      spec.extra_hosts.push_back(name + ":" + address);
    spec.dns = settings_.dns;
    if (!settings_.restart.empty() && settings_.restart != "no")
      spec.restart = docker::RestartPolicy{settings_.restart, 0};
    if (settings_.stop_signal) spec.stop_signal = *settings_.stop_signal;
    spec.stop_grace_period = Milliseconds(settings_.stop_grace_period.milliseconds);
    if (!settings_.healthcheck.empty()) spec.healthcheck = healthcheck_of(settings_.healthcheck);
    spec.cap_add = settings_.cap_add;
    spec.cap_drop = settings_.cap_drop;
    spec.security_opt = settings_.security_opt;
    for (const Text& group : settings_.group_add) spec.group_add.push_back(group.exposed());
    for (const std::string& text : settings_.devices) {
      const std::size_t first = text.find(':'),
                        second = first == std::string::npos ? first : text.find(':', first + 1);
      docker::DeviceSpec device;
      device.host_path = text.substr(0, first);
      device.container_path =
          first == std::string::npos
              ? device.host_path
              : text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
      if (second != std::string::npos) device.permissions = text.substr(second + 1);
      spec.devices.push_back(std::move(device));
    }
    if (const std::int64_t* count = settings_.gpus.as<std::int64_t>())
      spec.gpus.push_back({{}, static_cast<int>(*count), {}, {"gpu"}});
    else if (!settings_.gpus.null())
      spec.gpus.push_back({});
    for (const auto& [name, value] : settings_.ulimits) {
      docker::Ulimit limit{name, 0, 0};
      if (const std::int64_t* both = value.as<std::int64_t>()) limit.soft = limit.hard = *both;
      if (const Map* map = value.as<Map>()) {
        if (const Value* soft = map->find("soft"); soft != nullptr)
          limit.soft = As<std::int64_t>::take(*soft);
        if (const Value* hard = map->find("hard"); hard != nullptr)
          limit.hard = As<std::int64_t>::take(*hard);
      }
      spec.ulimits.push_back(std::move(limit));
    }
    for (const auto& [name, value] : settings_.sysctls) spec.sysctls[name] = value.exposed();
    if (settings_.shm_size) spec.shm_size = settings_.shm_size->bytes;
    spec.cpus = settings_.cpus;
    if (settings_.cpuset) spec.cpuset = *settings_.cpuset;
    if (settings_.memory) spec.memory = settings_.memory->bytes;
    if (settings_.memory_reservation) spec.memory_reservation = settings_.memory_reservation->bytes;
    spec.pids_limit = settings_.pids_limit;
    for (const auto& [name, value] : settings_.logging) {
      if (!spec.logging) spec.logging.emplace();
      if (name == "driver") spec.logging->driver = As<std::string>::take(value);
      if (const Map* options = value.as<Map>(); name == "options" && options != nullptr)
        for (const auto& [option, text] : options->entries) spec.logging->options[option] = plain_text(text);
    }
    spec.pid = namespace_of(context, settings_.pid);
    spec.ipc = namespace_of(context, settings_.ipc);
    if (settings_.platform) spec.platform = *settings_.platform;
    return look_at_image(context, std::move(spec));
  }

  Result<docker::ContainerSpec> look_at_image(execute::StepContext& context, docker::ContainerSpec spec) {
    const Result<std::optional<docker::ImageFacts>> facts =
        containers_.facts_of_image(engine_, image_, context.stop());
    if (!facts) return facts.failure();
    if (*facts) {
      image_exposed_ = (*facts)->exposed;
      image_stop_signal_ = (*facts)->stop_signal;
      has_healthcheck_ = (*facts)->has_healthcheck;
    }
    if (spec.healthcheck) has_healthcheck_ = !spec.healthcheck->disabled && !spec.healthcheck->test.empty();
    return spec;
  }

  static std::string id_of(execute::StepContext& context, NodeId other) {
    const Value id = context.exported(other, "id");
    return id.as<std::string>() == nullptr ? std::string() : *id.as<std::string>();
  }
  static std::string namespace_of(execute::StepContext& context, const Value& value) {
    if (const NodeRef* other = value.as<NodeRef>()) return "container:" + id_of(context, other->node);
    return value.null() ? std::string() : As<std::string>::take(value);
  }

  Result<Done> join_networks(docker::ContainerSpec& spec, execute::StepContext& context) {
    const Node& node = world_.graph.node(node_);
    if (!settings_.network_mode.null()) {
      const std::string mode = namespace_of(context, settings_.network_mode);
      if (mode != "bridge") {
        spec.network_mode = mode;
        return Done{};
      }
    }
    for (const std::string& scope : scopes()) {
      Result<std::string> network = containers_.join_scope(engine_, scope, context);
      if (network || !network.failure().nothing_done) joined_.push_back(scope);
      if (!network) return network.failure();
      docker::NetworkUse use;
      use.network = *network;
      // Its name belongs to its own scope; elsewhere somebody else may be called the same.
      if (scope == node.scope) {
        use.aliases = settings_.aliases;
        if (!node.network_name.empty()) use.aliases.push_back(node.network_name);
      }
      spec.networks.push_back(std::move(use));
    }
    for (NodeId network : settings_.networks) {
      docker::NetworkUse use;
      use.network = id_of(context, network);
      use.aliases = settings_.aliases;
      use.aliases.push_back(node.network_name);
      spec.networks.push_back(std::move(use));
    }
    return Done{};
  }

  std::vector<std::string> scopes() const {
    const Node& node = world_.graph.node(node_);
    std::vector<std::string> all = {node.scope};
    for (const std::string& scope : node.join_scopes)
      if (std::find(all.begin(), all.end(), scope) == all.end()) all.push_back(scope);
    return all;
  }
  // One that was taken over is on its networks already; they live as long as it does.
  Result<Done> join_scopes(execute::StepContext& context) {
    if (world_.place.up || !settings_.network_mode.null()) return Done{};
    for (const std::string& scope : scopes()) {
      const Result<std::string> network = containers_.join_scope(engine_, scope, context);
      if (network || !network.failure().nothing_done) joined_.push_back(scope);
      if (!network) return network.failure();
    }
    return Done{};
  }

  // All of them, whatever becomes of one; the first failure. Those that failed can be tried again.
  Result<Done> leave_networks() {
    Result<Done> result = Done{};
    std::vector<std::string> still;
    for (const std::string& scope : joined_)
      if (Result<Done> left = containers_.leave_scope(engine_, scope, {}); !left) {
        still.push_back(scope);
        if (result) result = std::move(left);
      }
    joined_ = std::move(still);
    return result;
  }

  // The answer to its creation was lost, or an error: there may be one all the same.
  Result<Done> find_what_was_made() {
    const Result<std::optional<docker::ContainerFacts>> there = docker::inspect_container(engine_, name_, {});
    if (!there) return there.failure();
    if (!*there ||
        docker::owner_of((*there)->labels, (*there)->name, world_.place.project) != docker::Owner::ours)
      return Done{};
    const std::string run = world_.place.up ? std::string() : world_.place.run;
    if (docker::identity_in((*there)->labels).run == run) id_ = (*there)->id;
    return Done{};
  }

  Result<Done> place_files(execute::StepContext& context) {
    std::vector<docker::FileToPut> files;
    for (const auto& [target, written] : settings_.files) {
      const Value value = world_.file_source(node_, written);
      docker::FileToPut file;
      file.path = target;
      if (const Path* path = value.as<Path>())
        file.from = absolute(*path);
      else
        file.content = As<Text>::take(value);
      file.mode = value.secret ? 0400 : 0644;
      files.push_back(std::move(file));
    }
    if (files.empty()) return Done{};
    return docker::put_files(engine_, id_, files, context.stop());
  }

  // The commands of `post_start` and `pre_stop`, one after the other.
  Result<Done> run_inside(std::string_view setting, const std::vector<Value>& commands,
                          execute::StepContext& context) {
    for (const Value& value : commands) {
      const std::vector<std::string> command = As<std::vector<std::string>>::take(value);
      const Result<int> code = docker::run_exec(
          engine_, id_, {.command = command},
          [&](const docker::OutputPiece& piece) { context.write(scribe::Stream::out, piece.bytes); },
          context.stop());
      if (!code) return code.failure();
      if (*code != 0)
        return Failure{
            .message = fmt::format("`{}` of `{}` exited {}", setting, world_.graph.node(node_).path, *code),
            .causes = {fmt::format("the command was {}", show(value))},
            .help = {}};
    }
    return Done{};
  }

  Result<Done> learn_addresses(execute::StepContext& context) {
    const Result<std::optional<docker::ContainerFacts>> facts =
        docker::inspect_container(engine_, id_, context.stop());
    if (!facts) return facts.failure();
    if (!*facts) return Failure{.message = "the container is gone", .causes = {}, .help = {}};
    take_addresses(**facts, context);
    return Done{};
  }

  void take_addresses(const docker::ContainerFacts& facts, execute::StepContext& context) {
    ServicePlace place;
    place.whole_machine = facts.network_mode == "host";
    bool local = false;
    for (const auto& [name, network] : facts.networks) {
      if (place.address.empty()) place.address = network.address;
      local = local || reach::is_local(network, world_.connector.our_addresses());
    }
    for (const docker::BoundPort& port : facts.ports)
      if (port.protocol == "tcp") place.published.emplace(port.container_port, port.host_port);
    if (place.whole_machine) {
      // Whose machine that is, the target knows.
      const Result<std::vector<reach::Endpoint>> ends =
          reach::DockerTarget({{}, id_, {}}, engine_, world_.connector.our_addresses())
              .endpoints(1, {world_.clock.now() + std::chrono::seconds(20), context.stop()});
      local = ends.ok();
    }
    if (engine_.endpoint().elsewhere() || !local) place_elsewhere(facts, place);
    world_.addresses.set(node_, std::move(place));
  }

  // Published ports are ports of the engine's machine, which is not this one. In a run the agent leads there;
  // what `up` leaves has to be reached without cairn.
  void place_elsewhere(const docker::ContainerFacts& facts, ServicePlace& place) {
    if (!world_.place.up) {
      // It may be asked for when this container, and so this, is gone.
      place.relayed = [&containers = containers_, &engine = engine_, id = id_](std::int64_t port) {
        return relayed_port(containers, engine, id, static_cast<int>(port));
      };
      return;
    }
    // Over a unix socket without a tunnel: a virtual machine of this one, which passes its ports on.
    if (!engine_.endpoint().elsewhere()) return;
    place.engine_host = engine_.endpoint().host();
    std::vector<docker::BoundPort> inside;
    for (const docker::BoundPort& port : facts.ports)
      if (port.host_address.starts_with("127.") || port.host_address == "::1") inside.push_back(port);
    if (inside.empty()) return;
    place.relayed = [inside, machine = place.engine_host,
                     published = place.published](std::int64_t asked) -> Result<int> {
      for (const docker::BoundPort& port : inside)
        if (port.container_port == asked)
          return Failure{
              .message = fmt::format("it is published on {} of {} only", port.host_address, machine),
              .causes = {"an `up` leaves nothing here that could lead there"},
              .help = fmt::format("write `ports = [\"0.0.0.0:{}:{}\"]`, or use `cairn run`", asked, asked)};
      return static_cast<int>(published.at(asked));
    };
  }

  static Result<int> relayed_port(Containers& containers, docker::Engine& engine, const std::string& id,
                                  int port) {
    const reach::Attempt attempt{engine.clock().now() + std::chrono::seconds(20), {}};
    reach::DockerTarget target({{}, id, {}}, engine, containers.world().connector.our_addresses(),
                               [&](const std::string& network, const reach::Attempt& asked) {
                                 return containers.agent_on(engine, network, asked);
                               });
    const Result<std::vector<reach::Endpoint>> endpoints = target.endpoints(port, attempt);
    if (!endpoints) return endpoints.failure();
    if (endpoints->empty() || endpoints->front().through == nullptr)
      return Failure{.message = "no agent leads there", .causes = {}, .help = {}};
    return endpoints->front().through->port_to(endpoints->front());
  }

  Result<Done> follow(const std::string& log_step) {
    const bool begun = follower_.start([this, log_step](std::stop_token stop) {
      Result<docker::LogStream> stream = docker::LogStream::open(
          engine_, id_, {.follow = true, .tty = settings_.tty, .since = said_until_}, stop);
      while (stream) {
        const Result<std::optional<docker::LogPiece>> piece = stream->next(stop);
        if (!piece || !*piece) break;
        if (!(*piece)->stamp.empty()) said_until_ = (*piece)->stamp;
        const bool out = (*piece)->from == docker::Output::standard;
        world_.scribe.write(log_step, out ? scribe::Stream::out : scribe::Stream::err, (*piece)->bytes);
        if (!out) continue;
        std::lock_guard lock(output_mutex_);
        if (output_.size() + (*piece)->bytes.size() <= kept_output) output_ += (*piece)->bytes;
      }
      world_.scribe.end(log_step);
    });
    if (begun) return Done{};
    return Failure{
        .message = fmt::format("the log of `{}` cannot be followed", world_.graph.node(node_).path),
        .causes = {"the system gives no more threads"},
        .help = "run fewer things at once: `-j`, or raise the limit (`ulimit -u`)"};
  }
  // The container has ended, so its log does too.
  // When the answer to the wait breaks off, another one says the same: how it ended does not change any more.
  Result<int> exit_code(std::stop_token stop) {
    Result<int> code = wait_->finish(stop);
    if (code || stop.stop_requested() || code.failure().is != FailureClass::endpoint) return code;
    Result<docker::ExitWait> again =
        docker::ExitWait::arm(engine_, id_, docker::ExitWait::For::not_running, stop);
    if (!again) return code;
    wait_.emplace(std::move(*again));
    return wait_->finish(stop);
  }
  void finish_following() { follower_.wait(); }
  void stop_following() { follower_.end(); }
  void end_watching() { watcher_.end(); }

  Containers& containers_;
  World& world_;
  docker::Engine& engine_;
  const NodeId node_;
  const int attempt_;
  const ProcessSettings settings_;
  const bool wants_outputs_;
  std::string image_, id_;
  std::string name_;  // once it was asked for
  std::vector<std::string> image_exposed_;
  std::string image_stop_signal_;
  bool has_healthcheck_ = false;
  std::vector<std::string> joined_;
  std::optional<docker::ExitWait> wait_;
  std::atomic<bool> running_ = false;
  std::int64_t started_wall_ms_ = 0;
  std::mutex output_mutex_;
  std::string output_;
  std::string said_until_;  // the follower's: where its log goes on after a stop and another start
  execute::Companion follower_, watcher_;
};

}  // namespace

Result<std::shared_ptr<Workload>> make_container_workload(Containers& containers, NodeId node, int attempt,
                                                          ProcessSettings settings,
                                                          const std::vector<Setting>& all,
                                                          execute::StepContext& context) {
  Result<docker::Engine*> engine = containers.engine_of(node);
  if (!engine) return engine.failure();
  const Result<std::vector<std::string>> for_clusters = apply_deploy(settings);
  if (!for_clusters) return for_clusters.failure();
  for (const std::string& part : *for_clusters)
    context.note(fmt::format("`deploy.{}` is for clusters: one engine has no use for it", part));
  if (settings.replicas != 1)
    return Failure{.message = fmt::format("`{}` asks for {} containers",
                                          containers.world().graph.node(node).path, settings.replicas),
                   .causes = {"this cairn makes one container of each block"},
                   .help = "`for i in range(3) { service … }` makes three, each with a name of its own"};
  bool wants_outputs = false;
  for (const Setting& setting : all)
    if (setting.name == "outputs") wants_outputs = setting.written;
  return std::shared_ptr<Workload>(std::make_shared<ContainerWorkload>(containers, **engine, node, attempt,
                                                                       std::move(settings), wants_outputs));
}

}  // namespace cairn::kinds
