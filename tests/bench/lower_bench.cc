// How long load + check + lower take, by shape and size: a table of milliseconds.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/interpreter/generated.h"
#include "tests/interpreter/program.h"

namespace {

double milliseconds(const std::string& text) {
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = cairn::compile_text(text);
  const auto end = std::chrono::steady_clock::now();
  if (!outcome->compiled.graph) {
    std::fputs(outcome->complaints().c_str(), stderr);
    std::exit(1);
  }
  return std::chrono::duration<double, std::milli>(end - begin).count();
}

}  // namespace

int main() {
  std::printf("%10s %10s %10s %10s %10s %10s\n", "nodes", "chain", "ladder", "heap", "wide", "random");
  for (const std::size_t nodes : {1'000u, 10'000u, 100'000u})
    std::printf("%10zu %10.0f %10.0f %10.0f %10.0f %10.0f\n", nodes,
                milliseconds(cairn::generated::chain(nodes)), milliseconds(cairn::generated::ladder(nodes)),
                milliseconds(cairn::generated::heap(nodes)), milliseconds(cairn::generated::wide(nodes)),
                milliseconds(cairn::generated::random(7, nodes)));
}
