// tests/golden/check: programs with mistakes, with what is said about them. tests/golden/lower: programs with
// their graphs.
#include <gtest/gtest.h>

#include "grammar/render.h"
#include "interpreter/show.h"
#include "interpreter/verify.h"
#include "tests/golden.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

using File = std::filesystem::path;

std::string name_of(const testing::TestParamInfo<File>& info) {
  return golden::test_name(info.param);
}

class CheckGolden : public testing::TestWithParam<File> {};

TEST_P(CheckGolden, IsToldLikeThis) {
  const auto outcome = compile_text(golden::read(GetParam()));
  ASSERT_TRUE(outcome->diagnostics.has_errors());
  EXPECT_FALSE(outcome->compiled.graph);
  golden::compare(File(GetParam()).replace_extension(".expected"),
                  render(outcome->sources, outcome->diagnostics));
}

INSTANTIATE_TEST_SUITE_P(Golden, CheckGolden,
                         testing::ValuesIn(golden::files(golden::folder("check"), ".stack")), name_of);

class LowerGolden : public testing::TestWithParam<File> {};

TEST_P(LowerGolden, HasThisGraph) {
  const auto outcome = compile_text(golden::read(GetParam()));
  ASSERT_TRUE(outcome->diagnostics.empty()) << render(outcome->sources, outcome->diagnostics);
  EXPECT_EQ(verify(outcome->graph()), std::vector<std::string>{});
  golden::compare(File(GetParam()).replace_extension(".expected"),
                  show_graph(outcome->graph(), outcome->sources));
}

INSTANTIATE_TEST_SUITE_P(Golden, LowerGolden,
                         testing::ValuesIn(golden::files(golden::folder("lower"), ".stack")), name_of);

}  // namespace
}  // namespace cairn
