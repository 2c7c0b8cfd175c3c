#include "grammar/parse.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Parse, ReadsAFile) {
  Sources sources;
  Diagnostics diagnostics;
  const syntax::File file = parse(sources, sources.add("a.stack", "", "param n = 4\nstage t { run a { x = \"v${n}\" } }\n"), diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_EQ(file.body.statements.size(), 2U);
}

}  // namespace
}  // namespace cairn
