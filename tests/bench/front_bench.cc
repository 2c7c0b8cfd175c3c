// What the front end takes for programs of every shape: load, check, lower and lint, each in a process of its own
// so that its memory can be told. Rows of the table: shape, blocks, seconds of the wall, of the processor, MB.
//   front_bench              every shape with 1 000, 10 000 and 100 000 blocks; the small ones that are hard elsewhere
//   front_bench SHAPE N      one of them in this process, for a profiler
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "interpreter/lint/allow.h"
#include "interpreter/lint/lint.h"
#include "tests/interpreter/generated.h"
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

struct Shape {
  std::string_view name;
  std::function<std::string(std::size_t)> text;
};

const Shape shapes[] = {{"chain", cairn::generated::chain},
                        {"ladder", cairn::generated::ladder},
                        {"heap", cairn::generated::heap},
                        {"wide", cairn::generated::wide},
                        {"random", [](std::size_t nodes) { return cairn::generated::random(7, nodes); }},
                        {"crowd", crowd}};

double work(const Shape& shape, std::size_t nodes) {
  const std::string text = shape.text(nodes);
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = cairn::compile_text(text);
  if (!outcome->compiled.graph) {
    std::fputs(outcome->complaints().c_str(), stderr);
    std::exit(EXIT_FAILURE);
  }
  cairn::Diagnostics findings;
  cairn::lint::find_all({outcome->graph(), outcome->inputs}, findings);
  cairn::lint::find_names(*outcome->compiled.program, findings);
  (void)cairn::lint::without_allowed(*outcome->compiled.program, findings);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void row(const Shape& shape, std::size_t nodes) {
  int ends[2];
  if (pipe(ends) != 0) std::exit(EXIT_FAILURE);
  const pid_t child = fork();
  if (child == 0) {
    const double seconds = work(shape, nodes);
    _exit(write(ends[1], &seconds, sizeof seconds) == sizeof seconds ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  close(ends[1]);
  double seconds = 0;
  const bool well = read(ends[0], &seconds, sizeof seconds) == sizeof seconds;
  close(ends[0]);
  rusage used{};
  wait4(child, nullptr, 0, &used);
  if (!well) std::exit(EXIT_FAILURE);
  const double processor = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  std::printf("%-8s %7zu blocks %26.3f s %9.3f s cpu %7.0f MB\n", std::string(shape.name).c_str(), nodes, seconds,
              processor, static_cast<double>(used.ru_maxrss) / 1024);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 3) {
    for (const Shape& shape : shapes)
      if (shape.name == arguments[1]) std::printf("%.3f s\n", work(shape, std::stoul(arguments[2])));
    return EXIT_SUCCESS;
  }
  row(shapes[1], 64);    // 32 rungs
  row(shapes[2], 1000);  // where others walk every way through the graph
  for (const Shape& shape : shapes)
    for (const std::size_t nodes : {1'000u, 10'000u, 100'000u}) row(shape, nodes);
}
