// From what settings read to what waits for what.
#include <gmock/gmock.h>

#include "tests/interpreter/program.h"

namespace cairn {
namespace {

using testing::Contains;

std::vector<std::string> waits_of(const Graph& graph, const std::string& node, Phase phase) {
  std::vector<std::string> names;
  const StepId step = graph.step(graph.by_path.at(node), phase);
  for (const std::uint32_t edge : graph.edges_to[index(step)])
    names.push_back(graph.name(graph.edges[edge].from));
  return names;
}

TEST(Lowering, AProbeBlockWaitsForWhatItLooksAt) {
  const auto outcome = compile_text(R"(
service web { image = "web:1" ; ready = [http(80)] }
probe page { ready = [http("${web.url(80)}/page")] }
)");
  ASSERT_TRUE(outcome->compiled.graph) << outcome->complaints();
  EXPECT_THAT(waits_of(outcome->graph(), "page", Phase::run), Contains("web:ready"));
}

TEST(Lowering, OnlyAServicesReadinessIsReadWhenItRuns) {
  const auto outcome = compile_text(R"(
kind gate {
  param ready: string
  run open { image = "curl:8" ; command = ["curl", ready] }
}
service web { image = "web:1" ; ready = [http(80)] }
gate door { ready = "${web.url(80)}/door" }
service other { image = "web:1" ; ready = [http("${web.url(80)}/other")] }
)");
  ASSERT_TRUE(outcome->compiled.graph) << outcome->complaints();
  EXPECT_THAT(waits_of(outcome->graph(), "door.open", Phase::run), Contains("web:ready"));
  EXPECT_THAT(waits_of(outcome->graph(), "other", Phase::ready), Contains("web:ready"));
}

TEST(Lowering, AProbeBlockCannotLookAtItself) {
  const auto outcome = compile_text(R"(
probe page { ready = [http(page.exit_code)] }
)");
  EXPECT_FALSE(outcome->compiled.graph);
  EXPECT_NE(outcome->complaints(), "");
}

}  // namespace
}  // namespace cairn
