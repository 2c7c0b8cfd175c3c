#include <sys/random.h>

#include "cli/invocation.h"
#include "runtime/array/simulator/simulate.h"
#include "runtime/execute/signals.h"

namespace cairn::cli {

void add_simulate(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("simulate", "stand in for something that is not here");
  command->require_subcommand(1);
  CLI::App* array = command->add_subcommand(
      "flasharray", "a Pure Storage FlashArray on loopback, REST 1.x and 2.x, until Ctrl-C");
  const auto options = std::make_shared<cairn::array::simulator::SimulationOptions>();
  array->add_option("--port", options->port, "the port; default: a free one")->check(CLI::Range(0, 65535));
  array->add_option("--data", options->data,
                    "a folder for the volumes' images; default: volumes without content");
  array->add_option("--token", options->token, "the API token that is accepted")->capture_default_str();
  array->add_option("--certificate", options->certificate_file, "where to write the certificate, as PEM");
  array->add_option("--plugin", options->plugin_socket,
                    "also be a Docker volume driver, on this socket: /run/docker/plugins/pure.sock");
  array
      ->add_option("--namespace", options->plugin_namespace,
                   "what stands before the names of the driver's volumes")
      ->capture_default_str();
  array->callback([options, &invocation] {
    execute::block_ending_signals();
    std::stop_source stop;
    execute::SignalThread signals([&](int, int) { stop.request_stop(); });
    const auto chance = [] {
      std::uint32_t bits = 0;
      (void)!getrandom(&bits, sizeof bits, 0);
      return static_cast<double>(bits) / 4294967296.0;
    };
    invocation.exit_code =
        cairn::array::simulator::simulate_flasharray(*options, real_clock(), chance, stop.get_token());
  });
}

}  // namespace cairn::cli
