#include "grammar/codes.h"

#include <gtest/gtest.h>

#include <set>

#include "grammar/parse.h"
#include "grammar/render.h"
#include "tests/golden.h"

namespace cairn {
namespace {

TEST(SyntaxCodes, StandInOrderAndOnce) {
  std::string last;
  for (const CodePage& page : syntax_codes()) {
    EXPECT_LT(last, page.code);
    last = page.code;
    EXPECT_FALSE(page.title.empty());
    EXPECT_FALSE(page.title.ends_with('.')) << page.title;
    EXPECT_TRUE(page.explanation.ends_with('.')) << page.explanation;
  }
}

TEST(SyntaxCodes, ExampleGivesExactlyItsCode) {
  for (const CodePage& page : syntax_codes()) {
    if (page.example.empty()) continue;
    Sources sources;
    Diagnostics diagnostics;
    parse(sources, sources.add("example.stack", "", std::string(page.example)), diagnostics);
    ASSERT_EQ(diagnostics.all().size(), 1U) << page.code << "\n" << render(sources, diagnostics);
    EXPECT_EQ(diagnostics.all().front().code, page.code) << render(sources, diagnostics);
  }
}

TEST(SyntaxCodes, HaveAGoldenOrATestOfTheirOwn) {
  std::set<std::string> seen{"S0155", "S0162"};  // in parse_test.cc: too large for a file of the repository
  for (const auto& path : golden::files(golden::folder("syntax/fail"), ".stack")) {
    Sources sources;
    Diagnostics diagnostics;
    parse(sources, sources.add("golden.stack", "", golden::read(path)), diagnostics);
    for (const Diagnostic& each : diagnostics.all()) seen.insert(each.code);
  }
  std::set<std::string> known;
  for (const CodePage& page : syntax_codes()) known.insert(std::string(page.code));
  EXPECT_EQ(seen, known);
}

}  // namespace
}  // namespace cairn
