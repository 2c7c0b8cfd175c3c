// Engines over ssh: one `ssh -N -L` for each forwards the engine's socket to one of ours, and nobody else has
// to know that ssh exists. One tunnel carries any number of connections; `docker system dial-stdio`, one ssh
// for each connection, meets sshd's MaxStartups and MaxSessions at about ten.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/keeper/spawner.h"
#include "runtime/platform/docker/endpoint.h"

namespace cairn::reach {

// Thread-safe. Tunnels stay until end().
class Tunnels {
 public:
  // `spawner` is asked for when the first tunnel is needed; what it gives must outlive this. `folder`: for
  // the sockets and what ssh says; absolute, exists, nobody else's.
  Tunnels(std::function<Result<keeper::Spawner*>()> spawner, std::string folder)
      : spawner_(std::move(spawner)), folder_(std::move(folder)) {}
  ~Tunnels() { end(); }

  // The endpoint with the socket of its tunnel; one that needs no tunnel as it is. Returns when the engine
  // over there answers, or with a Failure that names what is in the way: an unknown key of the host, none of
  // ours accepted, no engine behind the socket.
  Result<docker::Endpoint> through(docker::Endpoint endpoint, std::stop_token stop);
  void end();

 private:
  struct Tunnel {
    std::string socket;
    keeper::Process ssh;
  };
  Result<Tunnel> open(const docker::Endpoint& endpoint, std::stop_token stop);
  Failure why_no_engine(keeper::Spawner& spawner, const docker::Endpoint& endpoint, std::stop_token stop);

  const std::function<Result<keeper::Spawner*>()> spawner_;
  const std::string folder_;
  std::mutex mutex_;                       // held while one is made: the others wait for it
  std::map<std::string, Tunnel> tunnels_;  // by Endpoint::shown
};

// What ssh said on its way out, as people need it. `ssh`: "user@build1:2222".
Failure ssh_failure(const std::string& ssh, const std::string& said);

}  // namespace cairn::reach
