// Which engine is meant, and how it is reached: decided exactly as the docker client decides it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "runtime/effects/result.h"
#include "runtime/http/client.h"

namespace cairn::docker {

struct Endpoint {
  std::string shown = {};        // for people: "unix:///var/run/docker.sock", "tcp://build1:2376"
  std::string unix_socket = {};  // a path; empty: over TCP
  std::string base_url = {};     // "http://docker", "https://build1:2376"
  http::Tls tls = {};
  // Over ssh: "user@build1:2222" and the engine's socket there. unix_socket is then this end of a tunnel,
  // empty until somebody has made it (runtime/reach/tunnel.h).
  std::string ssh = {}, remote_socket = {};
  std::string context = {};  // the docker client's name for it; empty: it has none

  // True: its networks are surely not this machine's.
  bool elsewhere() const { return unix_socket.empty() || !ssh.empty(); }
  // The machine it runs on, as others address it: "build1". Empty over a unix socket.
  std::string host() const;
};

struct EndpointQuestion {
  std::string host;     // what the file says: "tcp://build1:2376"; empty: nothing
  std::string context;  // what the file says; empty: nothing
  std::optional<http::Tls> tls;
  // The outside, as seams: an environment variable, and a file's text (nothing: there is none).
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::function<std::optional<std::string>(const std::string& path)> read_file;
};

// In this order: context of the file, host of the file, DOCKER_HOST, DOCKER_CONTEXT, `currentContext` of
// ~/.docker/config.json (DOCKER_CONFIG names another folder), unix:///var/run/docker.sock.
Result<Endpoint> resolve_endpoint(const EndpointQuestion& question);

}  // namespace cairn::docker
