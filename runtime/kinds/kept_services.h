// Services of this machine: what a later command needs to know of one that it did not start itself. An `up`
// leaves them with its keeper; a second `up`, `exec`, `logs` and `restart` find them here.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/effects/clock.h"
#include "runtime/effects/locks.h"
#include "runtime/effects/result.h"
#include "runtime/kinds/world.h"
#include "runtime/plan/plan.h"

namespace cairn::kinds {

struct HostService {
  std::string node;           // its path
  std::string step;           // "db:start", as the keeper knows it
  std::uint64_t process = 0;  // its number at the keeper of its run
  std::string spec;           // the hash of what it was started from: observe.h
  bool up = false;            // left by `up`, so that it outlives the command
  std::string working_dir, log_file;
  std::uint64_t log_begins_at = 0;          // bytes of log_file that an earlier attempt wrote
  std::map<std::string, int> ports;         // what `self.port("name")` gave
  std::vector<std::string> placed_files{};  // that its `files` put somewhere

  // Not recorded, but found out by whoever reads.
  std::string run{}, run_folder{};
  std::optional<pid_t> pid{};  // of its main process, if that runs: by the keeper's word and the kernel's
};

// Appends it to the run's folder, right after the start. Nothing secret is in it.
Result<Done> record_host_service(const std::string& run_folder, const HostService& service);

// Those of one run, the last start of each node, whether they run or not.
std::vector<HostService> host_services(const RunOnDisk& run);
// Those that `up` has left of a project (its `.cairn`) and that run now.
std::vector<HostService> kept_services(const std::string& cairn_folder);

// Ends what earlier `up`s have left of a node and removes the files that were put somewhere for it: signal,
// grace, kill. The caller holds the project exclusively.
Result<Done> end_earlier(const RunPlace& place, const std::string& node, int signal, Nanoseconds grace,
                         Clock& clock, std::stop_token stop);

// Services that stay keep the ports that they were told when they began, for all who read them.
void recall_ports(World& world, const plan::Plan& plan);

}  // namespace cairn::kinds
