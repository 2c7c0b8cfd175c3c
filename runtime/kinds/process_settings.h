// The settings that `service` and `run` share, typed. Named as in stdlib/kinds/base/container.stack.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/effects/result.h"
#include "runtime/kinds/binding.h"

namespace cairn::kinds {

template <class T>
using Named = std::vector<std::pair<std::string, T>>;

struct ProcessSettings {
  Value image, in;
  std::optional<std::vector<std::string>> command, entrypoint;
  Named<Text> env;
  std::vector<Path> env_file;
  std::optional<std::string> working_dir;
  std::optional<Text> user;
  Named<Value> mounts, files;
  std::vector<Value> ports;
  std::vector<NodeId> networks;
  std::vector<std::string> aliases;
  Value network_mode;
  std::optional<std::string> hostname;
  Named<Text> labels;
  std::optional<bool> init;
  std::string restart;
  std::optional<std::string> stop_signal;
  Duration stop_grace_period;
  Named<Value> healthcheck;
  std::vector<std::string> tmpfs;
  bool read_only = false;
  std::vector<std::string> cap_add, cap_drop, security_opt, devices;
  bool privileged = false;
  Named<Value> ulimits;
  Named<Text> sysctls;
  std::optional<Size> shm_size;
  Named<std::string> extra_hosts;
  std::vector<std::string> dns;
  std::vector<Text> group_add;
  std::optional<std::string> platform;
  std::string pull_policy;
  std::optional<double> cpus;
  std::optional<std::string> cpuset;
  std::optional<Size> memory, memory_reservation;
  std::optional<std::int64_t> pids_limit;
  std::int64_t replicas = 1;
  Named<Value> deploy, logging;
  Value gpus, pid, ipc;
  bool use_api_socket = false;
  std::vector<Value> post_start, pre_stop;
  std::vector<std::int64_t> expose;
  std::vector<NodeId> volumes_from;
  bool tty = false, stdin_open = false;
  // Of a `run` only.
  std::optional<std::string> script;
  std::string shell;
  Value stdin_from;
};

// From the settled settings of a `service` or `run`.
ProcessSettings process_settings(const std::vector<Setting>& settings);
// What `stdin`, as World::file_source has it, hands over; nothing: it is not given.
Result<std::optional<Text>> input_of(const Value& given);
// Which settings process_settings reads, for the test that compares them with the declaration.
std::vector<std::string_view> process_setting_names();

}  // namespace cairn::kinds
