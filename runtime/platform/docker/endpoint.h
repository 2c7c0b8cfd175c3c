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
// ~/.docker/config.json (DOCKER_CONFIG names another folder), unix:///var/run/docker.sock. ssh:// is refused
// here: it needs a tunnel, whose socket then comes in as unix://.
Result<Endpoint> resolve_endpoint(const EndpointQuestion& question);

}  // namespace cairn::docker
