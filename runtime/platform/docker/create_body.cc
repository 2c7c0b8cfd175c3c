// A ContainerSpec as the engine wants it (Docker Engine API 1.41, POST /containers/create; fields of later
// versions are ignored by earlier engines).

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/platform/docker/containers.h"

namespace cairn::docker {

namespace {

using nlohmann::json;

template <class T>
void put(json& object, const char* name, const T& value) {
  if (!value.empty()) object[name] = value;
}
template <class T>
void put(json& object, const char* name, const std::optional<T>& value) {
  if (value) object[name] = *value;
}

json healthcheck_of(const HealthcheckSpec& spec) {
  if (spec.disabled) return {{"Test", {"NONE"}}};
  json body = json::object();
  put(body, "Test", spec.test);
  const auto time = [&](const char* name, const std::optional<Nanoseconds>& value) {
    if (value) body[name] = value->count();
  };
  time("Interval", spec.interval);
  time("Timeout", spec.timeout);
  time("StartPeriod", spec.start_period);
  time("StartInterval", spec.start_interval);
  put(body, "Retries", spec.retries);
  return body;
}

json mount_of(const MountSpec& spec) {
  json body = {{"Target", spec.target}, {"ReadOnly", spec.read_only}};
  switch (spec.is) {
    case MountSpec::Is::bind:
      body["Type"] = "bind";
      body["Source"] = spec.source;
      if (!spec.propagation.empty()) body["BindOptions"] = {{"Propagation", spec.propagation}};
      break;
    case MountSpec::Is::volume:
      body["Type"] = "volume";
      put(body, "Source", spec.source);
      if (spec.no_copy) body["VolumeOptions"] = {{"NoCopy", true}};
      break;
    case MountSpec::Is::tmpfs:
      body["Type"] = "tmpfs";
      json options = json::object();
      put(options, "SizeBytes", spec.tmpfs_size);
      put(options, "Mode", spec.tmpfs_mode);
      put(body, "TmpfsOptions", options);
      break;
  }
  return body;
}

void put_ports(json& config, json& host, const ContainerSpec& spec) {
  json exposed = json::object();
  json bindings = json::object();
  for (const std::string& port : spec.expose) {
    exposed[port.find('/') == std::string::npos ? port + "/tcp" : port] = json::object();
  }
  for (const PublishedPort& port : spec.ports) {
    const std::string name = fmt::format("{}/{}", port.container_port, port.protocol);
    exposed[name] = json::object();
    bindings[name].push_back(
        {{"HostIp", port.host_address},
         {"HostPort", port.host_port ? std::to_string(*port.host_port) : std::string()}});
  }
  put(config, "ExposedPorts", exposed);
  put(host, "PortBindings", bindings);
}

void put_limits(json& host, const ContainerSpec& spec) {
  put(host, "ShmSize", spec.shm_size);
  put(host, "CpusetCpus", spec.cpuset);
  put(host, "Memory", spec.memory);
  put(host, "MemoryReservation", spec.memory_reservation);
  put(host, "MemorySwap", spec.memory_swap);
  put(host, "PidsLimit", spec.pids_limit);
  if (spec.cpus) host["NanoCpus"] = static_cast<std::int64_t>(std::llround(*spec.cpus * 1e9));
  for (const Ulimit& limit : spec.ulimits) {
    host["Ulimits"].push_back({{"Name", limit.name}, {"Soft", limit.soft}, {"Hard", limit.hard}});
  }
  for (const DeviceSpec& device : spec.devices) {
    host["Devices"].push_back({{"PathOnHost", device.host_path},
                               {"PathInContainer", device.container_path},
                               {"CgroupPermissions", device.permissions}});
  }
  for (const GpuRequest& gpu : spec.gpus) {
    json request = {{"Driver", gpu.driver}, {"Capabilities", json::array({gpu.capabilities})}};
    if (gpu.device_ids.empty()) {
      request["Count"] = gpu.count;
    } else {
      request["DeviceIDs"] = gpu.device_ids;
    }
    host["DeviceRequests"].push_back(request);
  }
}

json host_config_of(const ContainerSpec& spec, const std::string& network_mode) {
  json host = json::object();
  put(host, "NetworkMode", network_mode);
  for (const MountSpec& mount : spec.mounts) host["Mounts"].push_back(mount_of(mount));
  put(host, "Tmpfs", spec.tmpfs);
  put(host, "VolumesFrom", spec.volumes_from);
  put(host, "Links", spec.links);
  put(host, "ExtraHosts", spec.extra_hosts);
  put(host, "Dns", spec.dns);
  put(host, "DnsSearch", spec.dns_search);
  put(host, "DnsOptions", spec.dns_options);
  put(host, "CapAdd", spec.cap_add);
  put(host, "CapDrop", spec.cap_drop);
  put(host, "SecurityOpt", spec.security_opt);
  put(host, "GroupAdd", spec.group_add);
  put(host, "Sysctls", spec.sysctls);
  put(host, "PidMode", spec.pid);
  put(host, "IpcMode", spec.ipc);
  put(host, "UsernsMode", spec.userns);
  put(host, "UTSMode", spec.uts);
  put(host, "Cgroup", spec.cgroup);
  put(host, "Runtime", spec.runtime);
  put(host, "Init", spec.init);
  if (spec.read_only) host["ReadonlyRootfs"] = true;
  if (spec.privileged) host["Privileged"] = true;
  if (spec.auto_remove) host["AutoRemove"] = true;
  if (spec.restart) {
    host["RestartPolicy"] = {{"Name", spec.restart->name}, {"MaximumRetryCount", spec.restart->most_retries}};
  }
  if (spec.logging) {
    host["LogConfig"] = {{"Type", spec.logging->driver}, {"Config", json::object()}};
    put(host["LogConfig"], "Config", spec.logging->options);
  }
  put_limits(host, spec);
  return host;
}

}  // namespace

std::string create_body(const ContainerSpec& spec, bool several_networks) {
  json config = {{"Image", spec.image}, {"AttachStdout", false}, {"AttachStderr", false}};
  if (spec.command) config["Cmd"] = *spec.command;
  if (spec.entrypoint) config["Entrypoint"] = *spec.entrypoint;
  for (const auto& [name, value] : spec.env) config["Env"].push_back(name + "=" + value.exposed());
  put(config, "WorkingDir", spec.working_dir);
  put(config, "User", spec.user);
  put(config, "Hostname", spec.hostname);
  put(config, "Domainname", spec.domainname);
  put(config, "StopSignal", spec.stop_signal);
  if (spec.stop_grace_period) {
    config["StopTimeout"] = std::chrono::ceil<std::chrono::seconds>(*spec.stop_grace_period).count();
  }
  if (spec.tty) config["Tty"] = true;
  if (spec.stdin_open) config["OpenStdin"] = true;
  if (spec.stdin_once) config["StdinOnce"] = true;
  if (spec.healthcheck) config["Healthcheck"] = healthcheck_of(*spec.healthcheck);
  Labels labels = spec.labels;
  for (auto& [name, value] : labels_of(spec.identity)) labels[name] = value;
  put(config, "Labels", labels);

  const std::string network_mode =
      spec.network_mode.empty() && !spec.networks.empty() ? spec.networks.front().network : spec.network_mode;
  json endpoints = json::object();
  for (const NetworkUse& use : spec.networks) {
    json endpoint = json::object();
    put(endpoint, "Aliases", use.aliases);
    if (!use.ipv4_address.empty()) endpoint["IPAMConfig"] = {{"IPv4Address", use.ipv4_address}};
    endpoints[use.network] = endpoint;
    if (!several_networks) break;
  }
  json host = host_config_of(spec, network_mode);
  put_ports(config, host, spec);
  config["HostConfig"] = host;
  if (!endpoints.empty()) config["NetworkingConfig"] = {{"EndpointsConfig", endpoints}};
  return config.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace cairn::docker
