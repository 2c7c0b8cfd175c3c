#include "runtime/array/simulator/simulate.h"

#include <cstdio>
#include <fstream>
#include <mutex>

#include "runtime/array/plugin/volume_driver.h"
#include "runtime/array/simulator/images.h"
#include "runtime/array/simulator/listener.h"
#include "runtime/array/simulator/state_file.h"
#include "runtime/array/simulator/wire.h"

namespace cairn::array::simulator {
namespace {

int say(const Failure& failure) {
  std::fprintf(stderr, "error: %s\n", failure.message.c_str());
  for (const std::string& cause : failure.causes) std::fprintf(stderr, "  because %s\n", cause.c_str());
  if (!failure.help.empty()) std::fprintf(stderr, "  help: %s\n", failure.help.c_str());
  return 3;
}

}  // namespace

int simulate_flasharray(const SimulationOptions& options, Clock& clock, std::function<double()> given_chance,
                        std::stop_token stop) {
  std::mutex chance_mutex;  // the array and the driver's client both draw from it
  const std::function<double()> chance = [&] {
    std::lock_guard lock(chance_mutex);
    return given_chance();
  };
  NoMedia no_media;
  std::unique_ptr<Images> images;
  Media* media = &no_media;
  const std::string state_path = options.data + "/state.json";
  std::function<Result<>(const State&)> changed;
  if (!options.data.empty()) {
    Result<std::unique_ptr<Images>> made = Images::in(options.data + "/volumes");
    if (!made.ok()) return say(made.failure());
    images = std::move(*made);
    media = images.get();
    changed = [&](const State& state) { return write_state(state, state_path); };
  }
  Simulator simulator(options.settings,
                      {.tokens = {{options.token, options.user}},
                       .passwords = {{options.user, options.password}},
                       .clients = options.clients},
                      *media, clock, chance, changed);
  if (!options.data.empty()) {
    Result<bool> loaded = false;
    simulator.with_state([&](State& state) { loaded = read_state(state_path, state); });
    if (!loaded.ok()) return say(loaded.failure());
  }

  const Result<Certificate> certificate = make_certificate(clock.wall_clock_ms() / 1000);
  if (!certificate.ok()) return say(certificate.failure());
  if (!options.certificate_file.empty()) {
    std::ofstream file(options.certificate_file);
    if (!(file << certificate->pem << std::flush)) {
      return say({.message = "could not write the certificate to " + options.certificate_file});
    }
  }
  const Result<std::unique_ptr<Listener>> listener =
      Listener::over_tls(options.address, options.port, *certificate, clock,
                         [&](const Asked& asked) { return simulator.handle(asked); });
  if (!listener.ok()) return say(listener.failure());

  Wire wire(simulator);
  FlashArray array(wire, clock, chance,
                   {.address = "simulated", .credentials = ApiToken{options.token}, .api = "2"});
  plugin::Machine& machine = plugin::this_machine();
  std::unique_ptr<plugin::VolumeDriver> driver;
  std::unique_ptr<Listener> plugin_listener;
  if (!options.plugin_socket.empty()) {
    if (!images) {
      return say({.message = "a volume driver needs volumes with data", .help = "give a folder for them"});
    }
    driver = std::make_unique<plugin::VolumeDriver>(
        array, machine, clock,
        plugin::DriverOptions{
            .name_space = options.plugin_namespace,
            .mounts = options.plugin_mounts.empty() ? options.data + "/mounts" : options.plugin_mounts,
            .state_file = options.data + "/plugin.json"},
        [&](const std::string& serial) { return images->path_of(serial); });
    if (const Result<> recovered = driver->recover(stop); !recovered.ok()) return say(recovered.failure());
    Result<std::unique_ptr<Listener>> on_socket = Listener::on_socket(
        options.plugin_socket, clock, [&](const Asked& asked) { return driver->answer(asked, stop); });
    if (!on_socket.ok()) return say(on_socket.failure());
    plugin_listener = std::move(*on_socket);
  }

  std::printf("listening https://%s:%d fingerprint %s token %s data %s\n", options.address.c_str(),
              (*listener)->port(), certificate->fingerprint.c_str(), options.token.c_str(),
              media->description().c_str());
  std::fflush(stdout);
  clock.sleep_until(Instant::max(), stop);
  return 0;
}

}  // namespace cairn::array::simulator
