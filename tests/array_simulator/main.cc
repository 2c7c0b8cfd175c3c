// The simulated array as a program of its own, for tests that drive it from outside.
//   flasharray_simulator [--port N] [--data FOLDER] [--certificate FILE] [--plugin SOCKET] [--api-client
//   KEYFILE]
// --api-client: the public key (PEM) of the API client "client"/"key-1", issuer "issuer", user "pureuser".
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "runtime/array/simulator/simulate.h"

int main(int argc, char** argv) {
  cairn::array::simulator::SimulationOptions options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--port") options.port = std::atoi(value.c_str());
    if (name == "--data") options.data = value;
    if (name == "--certificate") options.certificate_file = value;
    if (name == "--plugin") options.plugin_socket = value;
    if (name == "--namespace") options.plugin_namespace = value;
    if (name == "--api-client") {
      std::ostringstream key;
      key << std::ifstream(value).rdbuf();
      options.clients.push_back({"client", "key-1", "issuer", "pureuser", key.str()});
    }
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::stop_source stop;
  std::thread waiting([&] {
    int number = 0;
    sigwait(&signals, &number);
    stop.request_stop();
  });
  std::mt19937_64 engine(std::random_device{}());
  const int code = cairn::array::simulator::simulate_flasharray(
      options, cairn::real_clock(),
      [&engine] { return std::uniform_real_distribution<double>(0.0, 1.0)(engine); }, stop.get_token());
  if (!stop.stop_requested()) pthread_kill(waiting.native_handle(), SIGTERM);
  waiting.join();
  return code;
}
