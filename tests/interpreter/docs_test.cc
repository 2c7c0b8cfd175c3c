// The manual's examples are programs that compile. ```stack is a whole file; ```stack NAME is one that others
// use.
#include <gtest/gtest.h>

#include <sstream>

#include "grammar/render.h"
#include "tests/golden.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

struct Block {
  std::size_t line = 0;
  std::string name;  // empty: a main file
  std::string text;
};

std::vector<Block> blocks_of(const std::string& page) {
  std::vector<Block> found;
  std::istringstream in(golden::read(std::filesystem::path(CAIRN_SOURCE_DIR) / page));
  std::string line;
  bool inside = false;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (!inside && line.starts_with("```stack")) {
      found.push_back({number, line.size() > 9 ? line.substr(9) : "", ""});
      inside = true;
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      found.back().text += line + "\n";
    }
  }
  return found;
}

TEST(Manual, EveryExampleCompiles) {
  std::map<std::string, std::string> named;
  std::size_t compiled = 0;
  for (const Block& block : blocks_of("docs/language.md")) {
    if (!block.name.empty()) {
      named[block.name] = block.text;
      continue;
    }
    std::map<std::string, std::string> files = named;
    files["main.stack"] = block.text;
    std::vector<GivenParam> params;
    if (block.text.find("param registry: string") != std::string::npos)
      params.push_back({"registry", std::string("registry.acme.example"), ParamOrigin::command_line});
    const auto outcome = compile_files(std::move(files), std::move(params));
    EXPECT_TRUE(outcome->diagnostics.empty()) << "docs/language.md:" << block.line << "\n"
                                              << render(outcome->sources, outcome->diagnostics);
    EXPECT_TRUE(outcome->compiled.graph.has_value());
    ++compiled;
  }
  EXPECT_GE(compiled, 14u);
}

}  // namespace
}  // namespace cairn
