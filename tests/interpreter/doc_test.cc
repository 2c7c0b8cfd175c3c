// The reference and what `explain` says; and the words of other tools.
#include <gtest/gtest.h>

#include "interpreter/doc.h"
#include "interpreter/foreign.h"
#include "tests/golden.h"

namespace cairn {
namespace {

struct Docs : testing::Test {
  Sources sources;
  Vocabulary vocabulary{sources};
  std::string explain(std::string_view name) {
    const auto answer = explain_name(vocabulary, sources, name);
    if (const std::string* text = std::get_if<std::string>(&answer)) return *text;
    const NothingToExplain& nothing = std::get<NothingToExplain>(answer);
    return nothing.message + (nothing.help.empty() ? "" : "; " + nothing.help);
  }
};

TEST_F(Docs, TheReferenceIsThatOfTheDeclarations) {
  golden::compare(std::filesystem::path(CAIRN_SOURCE_DIR) / "docs" / "kinds.md",
                  reference_markdown(vocabulary, sources));
}

TEST_F(Docs, ExplainASetting) {
  EXPECT_EQ(explain("service.ready"),
            "service.ready: check | list(check) | null\n\n"
            "  When it counts as ready: when all of these probes pass. Without it the image's own health\n"
            "  check decides, else that each exposed port accepts a connection.\n\n");
  EXPECT_EQ(
      explain("run.expect_exit"),
      "run.expect_exit: int | list(int)\n\n  The exit codes that count as success.\n\n  Without it: 0\n");
  EXPECT_NE(explain("push.image").find("It has to be given."), std::string::npos);
  EXPECT_NE(explain("service.port").find("service.port(n: port | string): int\n"), std::string::npos);
}

TEST_F(Docs, ExplainAKindAndAFunction) {
  golden::compare(golden::folder("explain") / "volume.txt", explain("volume"));
}

TEST_F(Docs, ANameThatIsBothGivesBoth) {
  const std::string text = explain("sql");
  EXPECT_NE(text.find("sql (kind)"), std::string::npos);
  EXPECT_NE(text.find("sql(text: string = \"select 1\", on: database"), std::string::npos);
}

TEST_F(Docs, ANameThatIsNotThereGivesTheNearest) {
  EXPECT_EQ(explain("servce"), "no kind or function named `servce`; did you mean `service`?");
  EXPECT_EQ(explain("service.redy"),
            "`service` has no setting or export named `redy`; did you mean `service.ready`?");
  EXPECT_EQ(explain("xyzzyq"), "no kind or function named `xyzzyq`");
  EXPECT_EQ(explain("quux.x"), "no kind named `quux`");
}

TEST_F(Docs, WordsOfOtherToolsAreAnswered) {
  ASSERT_NE(foreign("service", "depends_on"), nullptr);
  EXPECT_EQ(foreign("service", "depends_on")->answer,
            "`depends_on` (Compose) is `after`, or a reference, here");
  EXPECT_NE(foreign("", "resource"), nullptr);
  EXPECT_EQ(foreign("service", "image"), nullptr);
  EXPECT_EQ(foreign("image", "tags"), nullptr);
}

// A name that a kind has itself is never called foreign to it.
TEST_F(Docs, NoNameOfOursIsCalledForeign) {
  for (const std::string& name : vocabulary.kind_names()) {
    EXPECT_EQ(foreign("", name), nullptr) << name;
    for (const ParamDecl& param : vocabulary.kind(name)->params)
      EXPECT_EQ(foreign(name, param.name), nullptr) << name << "." << param.name;
  }
}

}  // namespace
}  // namespace cairn
