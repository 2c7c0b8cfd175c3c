#include "grammar/parse.h"

#include <gtest/gtest.h>

#include "grammar/render.h"
#include "grammar/show.h"

namespace cairn {
namespace {

struct Parsed {
  Sources sources;
  Diagnostics diagnostics;
  syntax::File file;

  explicit Parsed(const std::string& text) {
    file = parse(sources, sources.add("a.stack", "", text), diagnostics);
  }
  std::string codes() const {
    std::string out;
    for (const Diagnostic& each : diagnostics.all()) out += (out.empty() ? "" : " ") + each.code;
    return out;
  }
  std::string primary(std::size_t index) const {
    return std::string(sources.text(diagnostics.all().at(index).primary.span));
  }
};

TEST(Parse, SpansPointIntoTheText) {
  const Parsed parsed("stage t {\n  run a { x = \"v${n + 1}\" }\n}\n");
  ASSERT_TRUE(parsed.diagnostics.empty());
  const auto& stage = std::get<syntax::Block>(parsed.file.body.statements.at(0).is);
  EXPECT_EQ(parsed.sources.text(stage.head), "stage t");
  const auto& run = std::get<syntax::Block>(stage.body.statements.at(0).is);
  EXPECT_EQ(parsed.sources.text(run.body.span), " x = \"v${n + 1}\" ");
  const auto& setting = std::get<syntax::Setting>(run.body.statements.at(0).is);
  EXPECT_EQ(parsed.sources.text(setting.value->span), "\"v${n + 1}\"");
  const auto& text = std::get<syntax::Text>(setting.value->is);
  ASSERT_EQ(text.parts.size(), 2U);
  EXPECT_EQ(parsed.sources.text(text.parts[1].span), "${n + 1}");
  const auto& sum = std::get<syntax::Binary>(text.parts[1].hole->is);
  EXPECT_EQ(parsed.sources.text(sum.op_span), "+");
}

TEST(Parse, KeepsWhatIsRightAroundAMistake) {
  const Parsed parsed("a = 1\nb = [1, , 3]\nservice db {\n  image =\n  cpus = 2\n}\nc = 3\n");
  EXPECT_EQ(parsed.codes(), "S0101 S0116");
  EXPECT_EQ(show_syntax(parsed.file),
            "file\n  setting a = 1\n  setting b = [1, (poison), 3]\n  block service db {}\n    setting image "
            "= (poison)\n"
            "    setting cpus = 2\n  setting c = 3\n");
}

TEST(Parse, FiftyMistakesGiveFifty) {
  std::string text;
  for (int i = 0; i < 50; ++i)
    text += "service s" + std::to_string(i) + " {\n  image: \"x\"\n  cpus = 2\n}\n";
  EXPECT_EQ(Parsed(text).diagnostics.all().size(), 50U);
}

TEST(Parse, GivesUpAfterAThousand) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "x = 007\n";
  const Parsed soft(text);
  EXPECT_EQ(soft.diagnostics.all().size(), 3000U) << "these do not disturb the reading";
  text.clear();
  for (int i = 0; i < 3000; ++i) text += "x = )\n";
  const Parsed hard(text);
  EXPECT_EQ(hard.diagnostics.all().size(), 1001U);
  EXPECT_EQ(hard.diagnostics.all().back().code, "S0162");
}

TEST(Parse, RefusesATextThatIsTooLarge) {
  EXPECT_EQ(Parsed(std::string((64U << 20) + 1, ' ')).codes(), "S0155");
}

TEST(Parse, EndsAHundredThousandBrackets) {
  for (const char* open : {"[", "(", "{ a = ", "f(", "!", "-", "a[", "\"${"}) {
    std::string text = "x = ";
    for (int i = 0; i < 100'000; ++i) text += open;
    EXPECT_FALSE(Parsed(text).diagnostics.empty()) << open;
  }
  for (const char* chain : {".a", "[0]", " + a", " ? a : a", " && a"}) {
    std::string text = "x = a";
    for (int i = 0; i < 100'000; ++i) text += chain;
    EXPECT_FALSE(Parsed(text).diagnostics.empty()) << chain;
  }
  std::string blocks;
  for (int i = 0; i < 100'000; ++i) blocks += "if a {} else ";
  EXPECT_FALSE(Parsed(blocks).diagnostics.empty());
}

TEST(ParseExpression, ReadsOneValue) {
  Sources sources;
  Diagnostics diagnostics;
  const auto show = [&](const std::string& text) {
    return show_syntax(*parse_expression(sources, sources.add("-p", "", text), diagnostics));
  };
  EXPECT_EQ(show("[1, 2]"), "[1, 2]");
  EXPECT_EQ(show(" 1h30m\n"), "(duration 5400000ms)");
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_EQ(show("1 2"), "(poison)");
  EXPECT_EQ(show(""), "(poison)");
  EXPECT_EQ(show("a = 1"), "(poison)");
  EXPECT_EQ(diagnostics.all().size(), 3U);
}

}  // namespace
}  // namespace cairn
