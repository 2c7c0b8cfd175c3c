// What holds for every program: the invariants of verify.h, and that the same text gives the same graph.
#include <gtest/gtest.h>

#include "grammar/render.h"
#include "interpreter/show.h"
#include "interpreter/verify.h"
#include "tests/interpreter/generated.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

TEST(EveryProgram, KeepsTheInvariantsOfTheGraph) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto outcome = compile_text(generated::random(seed, 60));
    ASSERT_TRUE(outcome->diagnostics.empty()) << "seed " << seed << "\n"
                                              << render(outcome->sources, outcome->diagnostics);
    ASSERT_EQ(verify(outcome->graph()), std::vector<std::string>{}) << "seed " << seed << "\n"
                                                                    << generated::random(seed, 60);
  }
}

TEST(EveryProgram, GivesTheSameGraphTwice) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string text = generated::random(seed, 80);
    const auto first = compile_text(text);
    const auto second = compile_text(text);
    ASSERT_EQ(show_graph(first->graph(), first->sources), show_graph(second->graph(), second->sources))
        << "seed " << seed;
    std::vector<std::string> a, b;
    for (const StepId step : first->graph().order) a.push_back(first->graph().name(step));
    for (const StepId step : second->graph().order) b.push_back(second->graph().name(step));
    ASSERT_EQ(a, b) << "seed " << seed;
  }
}

TEST(EveryProgram, HasLinearlyManyEdges) {
  for (const std::string& text :
       {generated::chain(500), generated::ladder(500), generated::heap(500), generated::wide(500)}) {
    const auto outcome = compile_text(text);
    ASSERT_TRUE(outcome->compiled.graph) << render(outcome->sources, outcome->diagnostics);
    EXPECT_EQ(verify(outcome->graph()), std::vector<std::string>{});
    // A reference is at most two edges and one for the lifetime; a node has five steps and three edges to its
    // group.
    EXPECT_LE(outcome->graph().edges.size(), outcome->graph().nodes.size() * 14);
  }
}

TEST(EveryProgram, ABarrierOverALoopIsOneEdgeEach) {
  const auto outcome = compile_text(
      "stage test {\n  for i in range(200) { run a { in = \"host\" ; command = [\"x\"] } }\n  for i in "
      "range(200) { run b { in = \"host\" ; command = [\"x\"] ; after = a } }\n}\n");
  ASSERT_TRUE(outcome->compiled.graph) << render(outcome->sources, outcome->diagnostics);
  EXPECT_LT(outcome->graph().edges.size(), 400u * 8u);
}

TEST(Limits, MillionsOfElementsEndInOneDiagnostic) {
  const auto outcome = compile_text(
      "stage test {\n  for i in range(2000) { for j in range(2000) { run a { in = \"host\" ; command = "
      "[\"x\"] } } }\n}\n");
  ASSERT_FALSE(outcome->compiled.graph);
  EXPECT_EQ(outcome->diagnostics.sorted().size(), 1u) << outcome->complaints();
}

}  // namespace
}  // namespace cairn
