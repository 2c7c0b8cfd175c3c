// tests/golden/syntax/ok: files that parse, with their trees. tests/golden/syntax/fail: files that do not,
// with the diagnostics as people see them. One mistake gives one error.
#include <gtest/gtest.h>

#include "grammar/parse.h"
#include "grammar/render.h"
#include "grammar/show.h"
#include "tests/golden.h"

namespace cairn {
namespace {

using Path = std::filesystem::path;

std::string name_of(const testing::TestParamInfo<Path>& info) {
  return golden::test_name(info.param);
}

class SyntaxOk : public testing::TestWithParam<Path> {};

TEST_P(SyntaxOk, HasThisTree) {
  Sources sources;
  Diagnostics diagnostics;
  const Path path = GetParam();
  const std::uint32_t id = sources.add(path.filename().string(), path.string(), golden::read(path));
  const syntax::File file = parse(sources, id, diagnostics);
  ASSERT_TRUE(diagnostics.empty()) << render(sources, diagnostics);
  golden::compare(Path(path).replace_extension(".expected"), show_syntax(file));
}

INSTANTIATE_TEST_SUITE_P(Golden, SyntaxOk,
                         testing::ValuesIn(golden::files(golden::folder("syntax/ok"), ".stack")), name_of);

class SyntaxFail : public testing::TestWithParam<Path> {};

TEST_P(SyntaxFail, IsToldLikeThis) {
  Sources sources;
  Diagnostics diagnostics;
  const Path path = GetParam();
  const std::uint32_t id = sources.add(path.filename().string(), path.string(), golden::read(path));
  const syntax::File file = parse(sources, id, diagnostics);
  ASSERT_TRUE(diagnostics.has_errors());
  golden::compare(Path(path).replace_extension(".expected"),
                  render(sources, diagnostics) + "\n" + show_syntax(file));
}

INSTANTIATE_TEST_SUITE_P(Golden, SyntaxFail,
                         testing::ValuesIn(golden::files(golden::folder("syntax/fail"), ".stack")), name_of);

}  // namespace
}  // namespace cairn
