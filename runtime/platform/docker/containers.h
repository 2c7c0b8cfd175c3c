// Containers: POST /containers/create, …/start, …/wait, …/kill, DELETE, inspect, list (Docker Engine
// API 1.41). Names or ids, as the engine takes either; ids once they are known.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/platform/docker/engine.h"
#include "runtime/platform/docker/spec.h"

namespace cairn::docker {

struct CreatedContainer {
  std::string id;
  std::vector<std::string> warnings;
  bool adopted = false;  // it was there already, ours, from the same spec
};

// Its networks are connected too. When the answer is lost, or the name is taken, the container of that name
// is looked at: ours and of the same run, attempt and spec, it is adopted; else the Failure names its owner.
// No word of the engine that contains a secret of the environment gets into a Failure.
Result<CreatedContainer> create_container(Engine& engine, const ContainerSpec& spec, std::stop_token stop);

Result<> start_container(Engine& engine, const std::string& container, std::stop_token stop);

// `signal` as a name or a number; a container that has ended already is fine.
Result<> signal_container(Engine& engine, const std::string& container, const std::string& signal,
                          std::stop_token stop);

// Kills and removes it with its nameless volumes; one that is gone is fine. Returns when it is gone.
Result<> remove_container(Engine& engine, const std::string& container, std::stop_token stop);

// The end of a container, awaited from a moment that is certain: when arm() returns, the engine has begun to
// wait, so that no exit is missed that a later start leads to.
class ExitWait {
 public:
  enum class For {
    next_exit,    // arm it before the start
    not_running,  // at once when it has ended already, or was never started
  };
  static Result<ExitWait> arm(Engine& engine, const std::string& container, For what, std::stop_token stop);

  // The exit code. `stop` and `deadline` end the wait with a Failure of their class; it may be called again
  // then.
  Result<int> finish(std::stop_token stop, std::optional<Instant> deadline = {});

 private:
  explicit ExitWait(std::unique_ptr<http::Stream> stream) : stream_(std::move(stream)) {}
  std::unique_ptr<http::Stream> stream_;
  std::string body_;
};

struct StopOrder {
  std::string signal = "SIGTERM";
  Nanoseconds grace = std::chrono::seconds(10);
  std::stop_token hurry = {};  // no more grace
};
// Signal, wait for at most `grace`, kill, wait: the exit code. No call lasts as long as the grace.
Result<int> stop_container(Engine& engine, const std::string& container, const StopOrder& order,
                           std::stop_token stop);
// The same by the engine itself, with the signal and the grace that the container was made with. One that
// does not run, or is gone, is a success. POST /containers/{id}/stop; the call lasts as long as the grace.
Result<> stop_as_made(Engine& engine, const std::string& container, std::stop_token stop);

struct ContainerNetwork {
  std::string network_id, address, gateway;
  std::vector<std::string> aliases;
};
struct BoundPort {
  std::uint16_t container_port = 0;
  std::string protocol, host_address;
  std::uint16_t host_port = 0;
};
struct MountFacts {
  std::string type, volume, source, target;
  bool read_only = false;
};

// Where a container can be reached, as inspecting it and listing it both say.
struct ContainerNetworking {
  std::string network_mode;
  std::map<std::string, ContainerNetwork> networks;  // by the network's name
  std::vector<BoundPort> ports;
};

struct ContainerFacts : ContainerNetworking {
  std::string id, name, image, image_id;  // the name without its `/`
  Labels labels;
  std::string status;  // created | running | paused | restarting | removing | exited | dead
  bool running = false;
  bool oom_killed = false;
  int exit_code = 0;                    // of the last end
  std::string error;                    // why it could not start
  std::string started_at, finished_at;  // RFC 3339
  std::string health;                   // "" (no healthcheck) | starting | healthy | unhealthy
  std::string last_health_output;
  bool tty = false;
  std::string stop_signal, hostname, working_dir;
  std::vector<std::string> env;      // "NAME=value": may contain secrets
  std::vector<std::string> exposed;  // "80/tcp"
  std::vector<MountFacts> mounts;
  int restart_count = 0;
};

// Nothing: there is none.
Result<std::optional<ContainerFacts>> inspect_container(Engine& engine, const std::string& container,
                                                        std::stop_token stop);

struct ContainerSummary : ContainerNetworking {
  std::string id, name, image, image_id, status;  // `status` as in ContainerFacts
  std::string status_text;                        // "Up 3 minutes (healthy)"
  Labels labels;
  std::vector<MountFacts> mounts;
};
// All that carry all of `labels` ("key=value" or "key"), whether they run or not.
Result<std::vector<ContainerSummary>> list_containers(Engine& engine, const std::vector<std::string>& labels,
                                                      std::stop_token stop);

// The body of POST /containers/create; contains the secrets of the environment. `several_networks`: all of
// the spec's networks, else the first only.
std::string create_body(const ContainerSpec& spec, bool several_networks);

}  // namespace cairn::docker
