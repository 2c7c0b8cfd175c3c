#include "runtime/kinds/container/spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/kinds/binding.h"
#include "runtime/kinds/container/environment.h"
#include "runtime/kinds/container/mounts.h"
#include "runtime/kinds/container/ports.h"
#include "runtime/kinds/container/references.h"

namespace cairn::kinds {
namespace {

std::optional<Nanoseconds> duration_in(const Named<Value>& settings, std::string_view name) {
  for (const auto& [key, value] : settings)
    if (key == name && value.as<Duration>() != nullptr)
      return Milliseconds(value.as<Duration>()->milliseconds);
  return std::nullopt;
}

Result<Done> set_program(docker::ContainerSpec& spec, const ProcessSettings& settings) {
  spec.command = settings.command;
  spec.entrypoint = settings.entrypoint;
  if (settings.script) {
    spec.entrypoint = std::vector<std::string>{settings.shell, "-e", "-c"};
    spec.command = std::vector<std::string>{*settings.script};
  }
  Result<std::map<std::string, Text>> env = environment_of(settings);
  if (!env) return env.failure();
  spec.env = std::move(*env);
  if (settings.working_dir) spec.working_dir = *settings.working_dir;
  if (settings.user) spec.user = settings.user->exposed();
  if (settings.hostname) spec.hostname = *settings.hostname;
  for (const auto& [name, value] : settings.labels) spec.labels[name] = value.exposed();
  spec.init = settings.init;
  spec.tty = settings.tty;
  spec.stdin_open = settings.stdin_open;
  if (settings.platform) spec.platform = *settings.platform;
  return Done{};
}

Result<Done> set_storage(docker::ContainerSpec& spec, const World& world, const ProcessSettings& settings,
                         const docker::Endpoint& engine, execute::StepContext& context) {
  spec.read_only = settings.read_only;
  for (const auto& [target, value] : settings.mounts) {
    Result<docker::MountSpec> mount = mount_of(world, context, target, value);
    if (!mount) return mount.failure();
    spec.mounts.push_back(std::move(*mount));
  }
  if (settings.use_api_socket && !engine.unix_socket.empty())
    spec.mounts.push_back(
        {.is = docker::MountSpec::Is::bind, .source = engine.unix_socket, .target = "/var/run/docker.sock"});
  for (const std::string& text : settings.tmpfs) {
    const std::size_t colon = text.find(':');
    spec.tmpfs[text.substr(0, colon)] = colon == std::string::npos ? std::string() : text.substr(colon + 1);
  }
  for (NodeId other : settings.volumes_from) spec.volumes_from.push_back(id_of(context, other));
  return Done{};
}

Result<Done> set_ports(docker::ContainerSpec& spec, const Node& node, const ProcessSettings& settings) {
  for (const Value& value : settings.ports) {
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
  for (std::int64_t port : settings.expose) spec.expose.push_back(fmt::format("{}/tcp", port));
  for (const auto& [name, address] : settings.extra_hosts) spec.extra_hosts.push_back(name + ":" + address);
  spec.dns = settings.dns;
  return Done{};
}

void set_lifecycle(docker::ContainerSpec& spec, const ProcessSettings& settings) {
  if (!settings.restart.empty() && settings.restart != "no")
    spec.restart = docker::RestartPolicy{settings.restart, 0};
  if (settings.stop_signal) spec.stop_signal = *settings.stop_signal;
  spec.stop_grace_period = Milliseconds(settings.stop_grace_period.milliseconds);
  if (!settings.healthcheck.empty()) spec.healthcheck = healthcheck_of(settings.healthcheck);
}

// "/dev/fuse", "/dev/sda:/dev/xvda", "/dev/sda:/dev/xvda:r".
docker::DeviceSpec device_of(const std::string& text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string::npos ? first : text.find(':', first + 1);
  docker::DeviceSpec device;
  device.host_path = text.substr(0, first);
  device.container_path =
      first == std::string::npos
          ? device.host_path
          : text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  if (second != std::string::npos) device.permissions = text.substr(second + 1);
  return device;
}

void set_isolation(docker::ContainerSpec& spec, const ProcessSettings& settings,
                   execute::StepContext& context) {
  spec.privileged = settings.privileged;
  spec.cap_add = settings.cap_add;
  spec.cap_drop = settings.cap_drop;
  spec.security_opt = settings.security_opt;
  for (const Text& group : settings.group_add) spec.group_add.push_back(group.exposed());
  for (const std::string& text : settings.devices) spec.devices.push_back(device_of(text));
  if (const std::int64_t* count = settings.gpus.as<std::int64_t>())
    spec.gpus.push_back({{}, static_cast<int>(*count), {}, {"gpu"}});
  else if (!settings.gpus.null())
    spec.gpus.push_back({});
  for (const auto& [name, value] : settings.sysctls) spec.sysctls[name] = value.exposed();
  spec.pid = namespace_of(context, settings.pid);
  spec.ipc = namespace_of(context, settings.ipc);
}

docker::Ulimit ulimit_of(const std::string& name, const Value& value) {
  docker::Ulimit limit{name, 0, 0};
  if (const std::int64_t* both = value.as<std::int64_t>()) limit.soft = limit.hard = *both;
  if (const Map* map = value.as<Map>()) {
    if (const Value* soft = map->find("soft"); soft != nullptr) limit.soft = As<std::int64_t>::take(*soft);
    if (const Value* hard = map->find("hard"); hard != nullptr) limit.hard = As<std::int64_t>::take(*hard);
  }
  return limit;
}

void set_limits(docker::ContainerSpec& spec, const ProcessSettings& settings) {
  for (const auto& [name, value] : settings.ulimits) spec.ulimits.push_back(ulimit_of(name, value));
  if (settings.shm_size) spec.shm_size = settings.shm_size->bytes;
  spec.cpus = settings.cpus;
  if (settings.cpuset) spec.cpuset = *settings.cpuset;
  if (settings.memory) spec.memory = settings.memory->bytes;
  if (settings.memory_reservation) spec.memory_reservation = settings.memory_reservation->bytes;
  spec.pids_limit = settings.pids_limit;
}

void set_logging(docker::ContainerSpec& spec, const ProcessSettings& settings) {
  for (const auto& [name, value] : settings.logging) {
    if (!spec.logging) spec.logging.emplace();
    if (name == "driver") spec.logging->driver = As<std::string>::take(value);
    if (const Map* options = value.as<Map>(); name == "options" && options != nullptr)
      for (const auto& [option, text] : options->entries) spec.logging->options[option] = plain_text(text);
  }
}

}  // namespace

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

Result<docker::ContainerSpec> container_spec(const World& world, NodeId node, const ProcessSettings& settings,
                                             const docker::Endpoint& engine, execute::StepContext& context) {
  docker::ContainerSpec spec;
  if (Result<Done> set = set_program(spec, settings); !set) return set.failure();
  if (Result<Done> set = set_storage(spec, world, settings, engine, context); !set) return set.failure();
  if (Result<Done> set = set_ports(spec, world.graph.node(node), settings); !set) return set.failure();
  set_lifecycle(spec, settings);
  set_isolation(spec, settings, context);
  set_limits(spec, settings);
  set_logging(spec, settings);
  return spec;
}

}  // namespace cairn::kinds
