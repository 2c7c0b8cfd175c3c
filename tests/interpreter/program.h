// Compiles a text and keeps everything that came of it.
#pragma once

#include <memory>
#include <string>

#include "interpreter/compile.h"
#include "tests/interpreter/memory_inputs.h"

namespace cairn {

struct Outcome {
  MemoryInputs inputs;
  Sources sources;
  Diagnostics diagnostics;
  Compiled compiled;

  // One line a diagnostic: "S0201 at 2:7: no value named `x`", in the order of the text.
  std::string complaints() const {
    std::string all;
    for (const Diagnostic& one : diagnostics.sorted()) {
      std::string where = "-";
      if (one.primary.span.known()) {
        const Place place = sources.place(one.primary.span.file, one.primary.span.begin);
        where = std::to_string(place.line) + ":" + std::to_string(place.column);
      }
      all += one.code + " at " + where + ": " + one.message + "\n";
    }
    return all;
  }
  const Graph& graph() const { return *compiled.graph; }
};

inline std::unique_ptr<Outcome> compile_files(std::map<std::string, std::string> files,
                                              std::vector<GivenParam> params = {},
                                              bool allow_unknown = false) {
  auto outcome = std::make_unique<Outcome>();
  outcome->inputs.files = std::move(files);
  outcome->compiled = compile({"main.stack", std::move(params), allow_unknown}, outcome->inputs,
                              outcome->sources, outcome->diagnostics);
  return outcome;
}

inline std::unique_ptr<Outcome> compile_text(std::string text) {
  return compile_files({{"main.stack", std::move(text)}});
}

}  // namespace cairn
