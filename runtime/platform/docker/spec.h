// What a container is made from: every container setting of the kinds `service` and `run`, already evaluated.
// Only what is set is sent; what is empty is the engine's or the image's default.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interpreter/text.h"
#include "runtime/effects/clock.h"
#include "runtime/platform/docker/identity.h"

namespace cairn::docker {

struct MountSpec {
  enum class Is { bind, volume, tmpfs };
  Is is = Is::volume;
  std::string source =
      {};  // a path on the engine's machine, or a volume's name; empty for tmpfs and nameless volumes
  std::string target = {};  // absolute path in the container
  bool read_only = false;
  bool no_copy = false;                         // volumes: do not fill with what the image has there
  std::string propagation = {};                 // binds: "rslave", …
  std::optional<std::int64_t> tmpfs_size = {};  // bytes
  std::optional<int> tmpfs_mode = {};           // 01777
};

struct PublishedPort {
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";
  std::string host_address = {};                // empty: all
  std::optional<std::uint16_t> host_port = {};  // none: the engine chooses
};

struct NetworkUse {
  std::string network = {};  // its id (see networks.h: names do not identify networks)
  std::vector<std::string> aliases = {};
  std::string ipv4_address = {};  // empty: any
};

struct HealthcheckSpec {
  bool disabled = false;
  std::vector<std::string> test = {};  // {"CMD", …} or {"CMD-SHELL", text}; empty: the image's
  std::optional<Nanoseconds> interval = {}, timeout = {}, start_period = {},
                             start_interval = {};  // at least 1 ms each
  std::optional<int> retries = {};
};

struct Ulimit {
  std::string name;
  std::int64_t soft = 0, hard = 0;
};

struct DeviceSpec {
  std::string host_path, container_path;
  std::string permissions = "rwm";
};

struct GpuRequest {
  std::string driver;                   // empty: any
  int count = -1;                       // -1: all
  std::vector<std::string> device_ids;  // instead of the count
  std::vector<std::string> capabilities = {"gpu"};
};

struct RestartPolicy {
  std::string name = "no";  // no | always | on-failure | unless-stopped
  int most_retries = 0;     // of on-failure; 0: no limit
};

struct Logging {
  std::string driver;
  std::map<std::string, std::string> options;
};

struct ContainerSpec {
  Identity identity;  // its name is the container's
  std::string image;  // a reference or an id

  std::optional<std::vector<std::string>> command, entrypoint;
  std::map<std::string, Text> env;
  std::string working_dir, user, hostname, domainname;
  Labels labels;  // the user's own; ours are added
  std::optional<bool> init;
  bool stdin_once = false;  // its stdin ends with the first that attached to it
  bool tty = false, stdin_open = false, read_only = false, privileged = false, auto_remove = false;

  std::vector<MountSpec> mounts;
  std::map<std::string, std::string> tmpfs;  // path to options: "/run" to "size=64m,mode=755"
  std::vector<std::string> volumes_from;     // "container[:ro]"

  std::vector<PublishedPort> ports;
  std::vector<std::string> expose;  // "80/tcp"
  std::vector<NetworkUse> networks;
  std::string network_mode;              // "none", "host", "container:ID", "bridge"; empty: by `networks`
  std::vector<std::string> links;        // "container:alias"; on the default bridge only
  std::vector<std::string> extra_hosts;  // "name:address"
  std::vector<std::string> dns, dns_search, dns_options;

  std::optional<RestartPolicy> restart;
  std::string stop_signal;                       // "SIGINT"
  std::optional<Nanoseconds> stop_grace_period;  // rounded up to seconds by the engine
  std::optional<HealthcheckSpec> healthcheck;

  std::vector<std::string> cap_add, cap_drop, security_opt, group_add;
  std::vector<DeviceSpec> devices;
  std::vector<GpuRequest> gpus;
  std::vector<Ulimit> ulimits;
  std::map<std::string, std::string> sysctls;
  std::optional<std::int64_t> shm_size;  // bytes
  std::optional<double> cpus;
  std::string cpuset;
  std::optional<std::int64_t> memory, memory_reservation, memory_swap;  // bytes
  std::optional<std::int64_t> pids_limit;
  std::optional<Logging> logging;
  std::string pid, ipc, userns, cgroup, uts, runtime;  // modes: "host", "container:ID", …
  std::string platform;                                // "linux/arm64"
  std::string pull_policy;                             // for whoever makes sure that the image is there
};

}  // namespace cairn::docker
