#include "runtime/kinds/kept_services.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/effects/file_descriptor.h"
#include "runtime/keeper/keeper_spawner.h"
#include "runtime/keeper/process_facts.h"
#include "runtime/keeper/records.h"
#include "runtime/kinds/placed_files.h"

namespace cairn::kinds {
namespace {

using nlohmann::json;

std::string kept_file(const std::string& run_folder) {
  return run_folder + "/services";
}

std::optional<HostService> read_line(const std::string& line) {
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  try {
    HostService service;
    service.node = object.at("node");
    service.step = object.at("step");
    service.process = object.at("process");
    service.spec = object.at("spec");
    service.up = object.at("up");
    service.working_dir = object.at("working_dir");
    service.log_file = object.at("log_file");
    service.log_begins_at = object.at("log_begins_at");
    service.ports = object.at("ports");
    service.placed_files = object.at("placed_files");
    return service;
  } catch (const json::exception&) {  // written by another version, or half of it
    return std::nullopt;
  }
}

// The same pid of the same boot, started at the same tick.
std::optional<pid_t> running_pid(const keeper::RecordedProcess& record) {
  if (!record.started || record.exit || record.boot != keeper::boot_id()) return std::nullopt;
  const std::optional<keeper::ProcessFacts> now = keeper::facts_of(record.started->pid);
  const bool same = now && now->running() && now->start_time == record.started->start_time;
  return same ? std::optional<pid_t>(now->pid) : std::nullopt;
}

Result<Done> end_one(const HostService& service, int signal, Nanoseconds grace, Clock& clock,
                     std::stop_token stop) {
  const Result<std::unique_ptr<keeper::KeeperSpawner>> keeper =
      keeper::KeeperSpawner::attach(service.run_folder);
  if (!keeper) return keeper.failure();
  for (const keeper::Process& process : (*keeper)->running()) {
    if (process.number != service.process) continue;
    (void)(*keeper)->signal(process, signal);
    if ((*keeper)->wait(process, stop, clock.now() + grace)) continue;
    if (Result<Done> killed = (*keeper)->kill_tree(process); !killed) return killed.failure();
    if (const Result<keeper::Exit> ended =
            (*keeper)->wait(process, stop, clock.now() + std::chrono::seconds(10));
        !ended)
      return ended.failure();
  }
  return Done{};
}

}  // namespace

Result<Done> record_host_service(const std::string& run_folder, const HostService& service) {
  const json line = {{"node", service.node},
                     {"step", service.step},
                     {"process", service.process},
                     {"spec", service.spec},
                     {"up", service.up},
                     {"working_dir", service.working_dir},
                     {"log_file", service.log_file},
                     {"log_begins_at", service.log_begins_at},
                     {"ports", service.ports},
                     {"placed_files", service.placed_files}};
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  const std::string path = kept_file(run_folder);
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.open() || write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return Failure{
        .message = fmt::format("cannot write `{}`", path), .causes = {std::strerror(errno)}, .help = {}};
  return Done{};
}

std::vector<HostService> host_services(const RunOnDisk& run) {
  std::vector<HostService> services;
  std::ifstream file(kept_file(run.path), std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    std::optional<HostService> read = read_line(line);
    if (!read) continue;
    read->run = run.id;
    read->run_folder = run.path;
    const auto earlier = std::find_if(services.begin(), services.end(),
                                      [&](const HostService& other) { return other.node == read->node; });
    if (earlier != services.end())
      *earlier = std::move(*read);
    else
      services.push_back(std::move(*read));
  }
  if (services.empty() || !run.alive) return services;
  for (const keeper::RecordedProcess& record :
       keeper::read_records(fmt::format("{}/{}", run.path, keeper::kRecordsName)))
    for (HostService& service : services)
      if (service.process == record.number) service.pid = running_pid(record);
  return services;
}

std::vector<HostService> kept_services(const std::string& cairn_folder) {
  std::vector<HostService> kept;
  for (const RunOnDisk& run : runs_of(cairn_folder)) {
    if (!run.alive) continue;
    for (HostService& service : host_services(run))
      if (service.up && service.pid) kept.push_back(std::move(service));
  }
  return kept;
}

Result<Done> end_earlier(const RunPlace& place, const std::string& node, int signal, Nanoseconds grace,
                         Clock& clock, std::stop_token stop) {
  for (const RunOnDisk& run : runs_of(place.project_folder + "/.cairn")) {
    if (run.id == place.run) continue;
    for (const HostService& service : host_services(run)) {
      if (service.node != node || !service.up) continue;
      if (service.pid)
        if (Result<Done> ended = end_one(service, signal, grace, clock, stop); !ended) return ended;
      if (service.placed_files.empty()) continue;
      for (const std::string& still_ours : placed_files(run.path))
        if (std::find(service.placed_files.begin(), service.placed_files.end(), still_ours) !=
            service.placed_files.end()) {
          std::error_code error;
          std::filesystem::remove_all(still_ours, error);
        }
    }
  }
  return Done{};
}

void recall_ports(World& world, const plan::Plan& plan) {
  for (const HostService& service : kept_services(world.place.project_folder + "/.cairn")) {
    const auto node = world.graph.by_path.find(service.node);
    if (node == world.graph.by_path.end()) continue;
    const StepId create = world.graph.step(node->second, Phase::create);
    if (create == no_step || plan.steps[index(create)].verdict != plan::Verdict::keep) continue;
    for (const auto& [name, port] : service.ports) world.addresses.set_named_port(node->second, name, port);
  }
}

}  // namespace cairn::kinds
