// `cairn simulate flasharray`: an array on loopback, until it is told to stop.
#pragma once

#include <stop_token>
#include <string>

#include "runtime/array/simulator/simulator.h"

namespace cairn::array::simulator {

struct SimulationOptions {
  std::string address = "127.0.0.1";
  int port = 0;      // 0: any free one
  std::string data;  // folder for images and state; empty: names only, forgotten at the end
  std::string token = "e701be70-14fe-8e83-c2a3-a872eaaf46da";  // the API token of `user`
  std::string user = "pureuser", password = "pureuser";
  std::vector<ApiClient> clients = {};
  Settings settings = {};
  std::string certificate_file = {};  // where the certificate is written as PEM, for clients that verify it
  // A Docker volume driver over the array, as the vendor's plugin is one; empty: none.
  std::string plugin_socket = {};  // "/run/docker/plugins/pure.sock"
  std::string plugin_mounts = {};  // folder below which volumes are mounted
  std::string plugin_namespace = "docker";
};

// Prints one line with the address, the fingerprint and the token when it listens, then serves until `stop`.
// Returns the exit code: 0, or 3 when it could not begin (said on stderr).
int simulate_flasharray(const SimulationOptions& options, Clock& clock, std::function<double()> chance,
                        std::stop_token stop);

}  // namespace cairn::array::simulator
