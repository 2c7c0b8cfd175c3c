// How long lint takes on programs of many nodes that share things: a table of milliseconds, the compiler's
// own time beside.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "interpreter/lint/allow.h"
#include "interpreter/lint/lint.h"
#include "tests/interpreter/program.h"

namespace {

// Services that name each other, mount the same volumes, want the same ports; steps that read and write
// beside them.
std::string crowd(std::size_t nodes) {
  std::string text = "stage test {\n";
  for (std::size_t v = 0; v < 50; ++v) text += "  volume v" + std::to_string(v) + "\n";
  for (std::size_t i = 0; i < nodes; ++i) {
    const std::string n = std::to_string(i);
    if (i % 2 == 0)
      text += "  service s" + n + " { image = \"x:1\" ; env = { PEER_HOST = \"s" +
              std::to_string((i + 2) % nodes) + "\", URL = \"http://s0:8080/\" } ; mounts = { \"/v\" = v" +
              std::to_string(i % 50) + " } ; ports = [\"" + std::to_string(1024 + i % 5000) + ":80\"] }\n";
    else
      text += "  run r" + n + " { image = \"y:1\" ; env = { URL = s" + std::to_string(i - 1) +
              ".url(80) } ; mounts = { \"/v\" = v" + std::to_string(i % 50) +
              " } ; command = [\"sh\", \"-c\", \"sleep 1\"] }\n";
  }
  return text + "}\n";
}

double since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main() {
  std::printf("%10s %12s %12s %12s\n", "nodes", "compile ms", "lint ms", "findings");
  for (const std::size_t nodes : {100u, 1'000u, 10'000u, 50'000u}) {
    const auto compiling = std::chrono::steady_clock::now();
    const auto outcome = cairn::compile_text(crowd(nodes));
    const double compiled = since(compiling);
    if (!outcome->compiled.graph) {
      std::fputs(outcome->complaints().c_str(), stderr);
      return EXIT_FAILURE;
    }
    const auto linting = std::chrono::steady_clock::now();
    cairn::Diagnostics findings;
    cairn::lint::find_all({outcome->graph(), outcome->inputs}, findings);
    cairn::lint::find_names(*outcome->compiled.program, findings);
    const std::size_t told = cairn::lint::without_allowed(*outcome->compiled.program, findings).size();
    std::printf("%10zu %12.0f %12.0f %12zu\n", nodes, compiled, since(linting), told);
  }
}
