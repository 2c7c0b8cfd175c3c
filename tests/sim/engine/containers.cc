#include "tests/sim/engine/containers.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <fmt/format.h>

#include "tests/sim/engine/events.h"
#include "tests/sim/engine/exec.h"
#include "tests/sim/engine/health.h"
#include "tests/sim/engine/images.h"
#include "tests/sim/engine/logs.h"
#include "tests/sim/engine/networks.h"
#include "tests/sim/engine/program.h"

namespace cairn::sim {
namespace {

Json over(const Json& below, const Json& above) {
  Json merged = below.is_object() ? below : Json::object();
  if (above.is_object())
    for (const auto& [name, value] : above.items()) merged[name] = value;
  return merged;
}

// What is asked for over what the image brings.
Json merged_config(const Json& image, Json config) {
  std::vector<std::string> env = strings_in(config, "Env");
  for (const std::string& text : strings_in(image, "Env")) {
    const std::string name = text.substr(0, text.find('=') + 1);
    const bool replaced =
        std::any_of(env.begin(), env.end(), [&](const std::string& own) { return own.starts_with(name); });
    if (!replaced) env.push_back(text);
  }
  config["Env"] = env;
  for (const char* name : {"Labels", "ExposedPorts", "Volumes"}) {
    const Json merged = over(image.value(name, Json::object()), config.value(name, Json::object()));
    config[name] = merged;
  }
  // A new entrypoint makes the image's command meaningless.
  const bool own_entrypoint = !strings_in(config, "Entrypoint").empty();
  if (strings_in(config, "Cmd").empty() && !own_entrypoint && image.contains("Cmd"))
    config["Cmd"] = image["Cmd"];
  if (!own_entrypoint && image.contains("Entrypoint")) config["Entrypoint"] = image["Entrypoint"];
  for (const char* name : {"WorkingDir", "User", "StopSignal", "Healthcheck"})
    if (!config.contains(name) && image.contains(name)) config[name] = image[name];
  return config;
}

std::vector<Mount> mounts_of(State& state, const Json& host_config, std::string& problem) {
  std::vector<Mount> mounts;
  for (const Json& each : host_config.value("Mounts", Json::array()))
    mounts.push_back({each.value("Type", ""), each.value("Source", ""), each.value("Target", ""),
                      each.value("ReadOnly", false)});
  const Json tmpfs = host_config.value("Tmpfs", Json::object());
  for (const auto& each : tmpfs.items()) mounts.push_back({"tmpfs", "", each.key(), false});
  for (const std::string& text : strings_in(host_config, "VolumesFrom")) {
    const std::size_t colon = text.find(':');
    const Container* other = find_container(state, text.substr(0, colon));
    if (other == nullptr) {
      problem = "No such container: " + text.substr(0, colon);
      return {};
    }
    for (Mount mount : other->mounts) {
      if (mount.type == "tmpfs") continue;
      mount.read_only = mount.read_only || (colon != std::string::npos && text.substr(colon) == ":ro");
      mounts.push_back(std::move(mount));
    }
  }
  return mounts;
}

void take_ports(State& state, Container& container, std::string& problem) {
  const auto taken = [&](int port) {
    return std::any_of(state.containers.begin(), state.containers.end(), [&](const auto& each) {
      const auto& published = each.second->published;
      return std::any_of(published.begin(), published.end(),
                         [&](const auto& one) { return one.second == port; });
    });
  };
  const Json bindings = container.host_config.value("PortBindings", Json::object());
  for (const auto& [name, hosts] : bindings.items()) {
    for (const Json& host : hosts) {
      int port = std::atoi(host.value("HostPort", "").c_str());
      if (port == 0)
        for (port = 49153; taken(port);) ++port;
      else if (taken(port)) {
        problem = fmt::format(
            "driver failed programming external connectivity on endpoint {}: Bind for {}:{} failed: port is "
            "already allocated",
            container.name, host.value("HostIp", ""), port);
        return;
      }
      container.published[std::atoi(name.c_str())] = port;
    }
  }
}

void begin(State& state, Container& container) {
  container.status = "running";
  // As engines do: noted when the process has already started, so that its first lines are older.
  constexpr std::int64_t kNotedAfter = 2'000'000;
  container.started = std::max(state.wall() + kNotedAfter, container.started + 1);
  container.exit_code = 0;
  ++container.generation;
  container.program = std::make_shared<Program>(state, container, nullptr);
  std::vector<std::string> command = strings_in(container.config, "Entrypoint");
  for (std::string& word : strings_in(container.config, "Cmd")) command.push_back(std::move(word));
  Process::Start start{command, environment_of(container),
                       container.config.value("WorkingDir", std::string("/")),
                       !container.host_config.value("Init", false)};
  if (start.folder.empty()) start.folder = "/";
  container.program->process.emplace(std::move(start), *container.program);
  tell(state, container, "start");
  begin_health(state, container);
  // In a moment of its own: the answer to the start goes first.
  const std::string id = container.id;
  const std::uint64_t generation = container.generation;
  state.at(state.now, [&state, id, generation] {
    const auto found = state.containers.find(id);
    if (found == state.containers.end() || found->second->generation != generation) return;
    if (found->second->program) go_on(state, *found->second->program);
  });
}

void answer_waiters(Container& container, bool removed) {
  std::erase_if(container.waiters, [&](const Container::Waiter& waiter) {
    if ((waiter.condition == "removed") != removed) return false;
    waiter.pipe->write(fmt::format("{{\"Error\":null,\"StatusCode\":{}}}\n", container.exit_code));
    waiter.pipe->end();
    return true;
  });
}

void forget(State& state, Container& container, bool with_nameless_volumes) {
  tell(state, container, "destroy");
  if (with_nameless_volumes)
    for (const std::string& volume : container.nameless_volumes) state.volumes.erase(volume);
  answer_waiters(container, true);
  for (const Container::Waiter& waiter : container.waiters) waiter.pipe->tear();
  std::erase_if(state.execs, [&](const auto& each) { return each.second.container == container.id; });
  state.containers.erase(std::string(container.id));
}

}  // namespace

std::vector<std::string> strings_in(const Json& object, const char* name) {
  std::vector<std::string> strings;
  const auto found = object.find(name);
  if (found != object.end() && found->is_array())
    for (const Json& each : *found) strings.push_back(each.get<std::string>());
  return strings;
}

std::map<std::string, std::string> environment_of(const Container& container) {
  std::map<std::string, std::string> environment;
  for (const std::string& text : strings_in(container.config, "Env"))
    environment[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
  return environment;
}

Container* find_container(State& state, const std::string& reference) {
  if (const auto found = state.containers.find(reference); found != state.containers.end())
    return found->second.get();
  for (auto& [id, container] : state.containers)
    if (container->name == reference || (reference.size() >= 4 && id.starts_with(reference)))
      return container.get();
  return nullptr;
}

Reply create_container(State& state, const Asked& asked) {
  Json body = Json::parse(asked.body, nullptr, false);
  if (!body.is_object()) return refused(400, "invalid JSON");
  const std::string name = asked.of("name");
  const std::shared_ptr<Image> image = find_image(state, body.value("Image", ""));
  if (image == nullptr) return refused(404, "No such image: " + body.value("Image", ""));
  for (const std::string& text : strings_in(body, "Env"))
    if (text.starts_with('=')) return refused(400, "invalid environment variable: " + text);
  if (const Container* other = find_container(state, name); !name.empty() && other != nullptr)
    return refused(409, fmt::format("Conflict. The container name \"/{}\" is already in use by container "
                                    "\"{}\". You have to remove (or rename) that container to be able to "
                                    "reuse that name.",
                                    name, other->id));
  auto container = std::make_unique<Container>();
  container->id = state.new_id();
  container->name = name.empty() ? "nameless_" + container->id.substr(0, 8) : name;
  container->image = image->id;
  container->host_config = body.value("HostConfig", Json::object());
  const Json networking = body.value("NetworkingConfig", Json::object());
  body.erase("HostConfig");
  body.erase("NetworkingConfig");
  container->config = merged_config(image->config, std::move(body));
  container->created = state.wall();
  std::string problem;
  container->mounts = mounts_of(state, container->host_config, problem);
  if (!problem.empty()) return refused(404, problem);
  const Json volumes = container->config.value("Volumes", Json::object());
  for (const auto& each : volumes.items()) {
    const bool mounted = std::any_of(container->mounts.begin(), container->mounts.end(),
                                     [&](const Mount& mount) { return mount.target == each.key(); });
    if (mounted) continue;
    const std::string nameless = state.new_id();
    container->nameless_volumes.push_back(nameless);
    container->mounts.push_back({"volume", nameless, each.key(), false});
  }
  for (const Mount& mount : container->mounts)
    if (mount.type == "volume" && !state.volumes.contains(mount.source)) {
      Volume& made = state.volumes[mount.source];
      made.name = mount.source;
      made.created = state.wall();
    }
  if (const std::string why = plan_endpoints(state, *container, networking); !why.empty())
    return refused(400, why);
  const std::string id = container->id;
  tell(state, *container, "create");
  state.containers[id] = std::move(container);
  return answered(201, {{"Id", id}, {"Warnings", Json::array()}});
}

Reply start_container(State& state, Container& container) {
  if (container.running()) return {304, {}, {}, {}};
  std::string problem;
  int status = 500;
  const auto failed = [&](int code) {
    leave_networks(container);
    container.published.clear();
    container.error = problem;
    container.exit_code = code;
    return refused(status, problem);
  };
  if (std::string missing = join_networks(state, container); !missing.empty()) {
    problem = std::move(missing);
    status = 404;
    return failed(128);
  }
  take_ports(state, container, problem);
  if (!problem.empty()) return failed(128);
  Program probe(state, container, nullptr);
  std::vector<std::string> command = strings_in(container.config, "Entrypoint");
  for (std::string& word : strings_in(container.config, "Cmd")) command.push_back(std::move(word));
  if (command.empty()) {
    problem = "No command specified";
    status = 400;
    return failed(127);
  }
  if (const std::string why = Process::cannot_start(command, probe); !why.empty()) {
    problem = "failed to create shim task: OCI runtime create failed: " + why;
    status = 400;
    return failed(127);
  }
  container.error.clear();
  container.stays_ended = false;
  container.restarts = 0;
  begin(state, container);
  return {204, {}, {}, {}};
}

void container_ended(State& state, Container& container, int code) {
  container.status = "exited";
  container.exit_code = code;
  container.finished = std::max(state.wall(), container.started + 1);
  container.listens.clear();
  if (!container.health.empty()) container.health = "unhealthy";
  // The program is still on its way out: it is taken away afterwards.
  const std::shared_ptr<Program> going(std::move(container.program));
  ++container.generation;
  state.at(state.now, [going] {});
  close_log(state, container);
  end_execs(state, container);
  leave_networks(container);
  container.published.clear();
  tell(state, container, "die", {{"exitCode", std::to_string(code)}});
  answer_waiters(container, false);
  const Json policy = container.host_config.value("RestartPolicy", Json::object());
  const std::string name = policy.value("Name", "");
  const int most = policy.value("MaximumRetryCount", 0);
  const bool again = name == "always" || name == "unless-stopped" ||
                     (name == "on-failure" && code != 0 && (most == 0 || container.restarts < most));
  const std::string id = container.id;
  if (again && !container.stays_ended) {
    container.status = "restarting";
    const Nanoseconds pause = Milliseconds(100) * (1 << std::min(container.restarts, 8));
    state.at(state.now + pause, [&state, id] {
      const auto found = state.containers.find(id);
      if (found == state.containers.end() || found->second->status != "restarting") return;
      Container& one = *found->second;
      ++one.restarts;
      std::string problem;
      if (join_networks(state, one).empty()) take_ports(state, one, problem);
      begin(state, one);
    });
  } else if (container.host_config.value("AutoRemove", false)) {
    state.at(state.now, [&state, id] {
      if (const auto found = state.containers.find(id); found != state.containers.end())
        forget(state, *found->second, true);
    });
  }
}

void kill_container(State& state, Container& container, int code) {
  if (container.running()) container_ended(state, container, code);
}

Reply signal_container(State& state, Container& container, const std::string& signal) {
  const int number = signal.empty() ? SIGKILL : signal_number(signal);
  if (number == 0) return refused(400, "Invalid signal: " + signal);
  const std::string own = container.config.value("StopSignal", std::string());
  if (own.empty() || number == SIGKILL || number == signal_number(own)) container.stays_ended = true;
  if (!container.running()) {
    if (container.status == "restarting") container.status = "exited";
    return refused(409,
                   fmt::format("Cannot kill container: {0}: Container {0} is not running", container.id));
  }
  tell(state, container, "kill", {{"signal", std::to_string(number)}});
  Program& program = *container.program;
  program.process->signal(number, state.now);
  if (program.process->exit_code()) container_ended(state, container, *program.process->exit_code());
  return {204, {}, {}, {}};
}

Reply await_container(State&, Container& container, const Asked& asked) {
  std::string condition = asked.of("condition");
  if (condition.empty()) condition = "not-running";
  Reply reply;
  reply.headers = {{"Content-Type", "application/json"}};
  reply.stream = std::make_shared<Pipe>();
  if (condition == "not-running" && !container.running() && container.status != "restarting") {
    reply.stream->write(fmt::format("{{\"Error\":null,\"StatusCode\":{}}}\n", container.exit_code));
    reply.stream->end();
  } else {
    container.waiters.push_back({reply.stream, condition});
  }
  return reply;
}

Reply remove_container(State& state, Container& container, const Asked& asked) {
  if (container.running() || container.status == "restarting") {
    if (!asked.flag("force"))
      return refused(409, fmt::format("You cannot remove a running container {}. Stop the container before "
                                      "attempting removal or force remove",
                                      container.id));
    container.stays_ended = true;
    container.host_config["AutoRemove"] = false;
    kill_container(state, container, 137);
  }
  forget(state, container, asked.flag("v"));
  return {204, {}, {}, {}};
}

namespace {

Json ports_of(const Container& container) {
  Json ports = Json::object();
  const Json exposed = container.config.value("ExposedPorts", Json::object());
  for (const auto& each : exposed.items()) ports[each.key()] = Json();
  const Json bindings = container.host_config.value("PortBindings", Json::object());
  for (const auto& [name, hosts] : bindings.items()) {
    const auto published = container.published.find(std::atoi(name.c_str()));
    if (published == container.published.end()) continue;
    ports[name] = Json::array(
        {{{"HostIp", hosts.front().value("HostIp", "")}, {"HostPort", std::to_string(published->second)}}});
  }
  return ports;
}

Json mounts_shown(const Container& container) {
  Json mounts = Json::array();
  for (const Mount& mount : container.mounts) {
    Json one = {{"Type", mount.type}, {"Destination", mount.target}, {"RW", !mount.read_only}};
    if (mount.type == "volume") {
      one["Name"] = mount.source;
      one["Source"] = "/var/lib/docker/volumes/" + mount.source + "/_data";
    } else {
      one["Source"] = mount.source;
    }
    mounts.push_back(std::move(one));
  }
  return mounts;
}

}  // namespace

Reply inspect_container(State& state, Container& container) {
  Json shown_state = {{"Status", container.status},
                      {"Running", container.running()},
                      {"Paused", false},
                      {"OOMKilled", false},
                      {"ExitCode", container.exit_code},
                      {"Error", container.error},
                      {"StartedAt", stamp(container.started)},
                      {"FinishedAt", stamp(container.finished)}};
  if (!container.health.empty())
    shown_state["Health"] = {{"Status", container.health},
                             {"FailingStreak", container.failed_checks},
                             {"Log", Json::array({{{"Output", container.last_health_output}}})}};
  Json config = container.config;
  if (!config.contains("Hostname")) config["Hostname"] = container.id.substr(0, 12);
  return answered(200, {{"Id", container.id},
                        {"Name", "/" + container.name},
                        {"Created", stamp(container.created)},
                        {"Image", container.image},
                        {"State", shown_state},
                        {"Config", config},
                        {"HostConfig", container.host_config},
                        {"RestartCount", container.restarts},
                        {"Mounts", mounts_shown(container)},
                        {"NetworkSettings",
                         {{"Networks", endpoints_shown(state, container)}, {"Ports", ports_of(container)}}}});
}

Reply list_containers(State& state, const Asked& asked) {
  Json filters = Json::parse(asked.of("filters"), nullptr, false);
  if (!filters.is_object()) filters = Json::object();
  Json all = Json::array();
  for (const auto& [id, container] : state.containers) {
    if (!container->running() && !asked.flag("all")) continue;
    const Json labels = container->config.value("Labels", Json::object());
    if (!has_labels(labels_in(labels), filters)) continue;
    Json ports = Json::array();
    for (const auto& [inner, outer] : container->published)
      ports.push_back({{"IP", "127.0.0.1"}, {"PrivatePort", inner}, {"PublicPort", outer}, {"Type", "tcp"}});
    all.push_back({{"Id", id},
                   {"Names", {"/" + container->name}},
                   {"Image", container->config.value("Image", std::string())},
                   {"ImageID", container->image},
                   {"State", container->status},
                   {"Status", container->running() ? "Up" : "Exited"},
                   {"Labels", labels},
                   {"Ports", ports}});
  }
  return answered(200, all);
}

}  // namespace cairn::sim
