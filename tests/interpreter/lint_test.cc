// tests/golden/lint: one file that a finding is told about, and one that comes near to it and is right. What
// ships, the examples and the library, has no findings.
#include "interpreter/lint/lint.h"

#include <regex>
#include <set>

#include "grammar/render.h"
#include "interpreter/inputs_real.h"
#include "interpreter/lint/allow.h"
#include "interpreter/lint/codes.h"
#include "stdlib/stdlib.h"
#include "tests/golden.h"
#include "tests/interpreter/generated.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

using File = std::filesystem::path;

std::string linted_name_of(const testing::TestParamInfo<File>& info) {
  return golden::test_name(info.param);
}

struct Linted {
  std::unique_ptr<Inputs> inputs;
  Sources sources;
  Diagnostics diagnostics;
  Diagnostics told;

  std::set<std::string> codes() const {
    std::set<std::string> all;
    for (const Diagnostic& one : told.all()) all.insert(one.code);
    return all;
  }
  std::string text() const { return render(sources, told); }
};

std::unique_ptr<Linted> lint_with(std::unique_ptr<Inputs> inputs, const std::string& path) {
  auto linted = std::make_unique<Linted>();
  linted->inputs = std::move(inputs);
  const Compiled compiled = compile({path, {}, true}, *linted->inputs, linted->sources, linted->diagnostics);
  for (const Diagnostic& mistake : linted->diagnostics.all()) linted->told.add(mistake);
  if (!compiled.graph) return linted;
  Diagnostics findings;
  lint::find_all({*compiled.graph, *linted->inputs}, findings);
  lint::find_names(*compiled.program, findings);
  for (Diagnostic& finding : lint::without_allowed(*compiled.program, findings))
    linted->told.add(std::move(finding));
  return linted;
}

std::unique_ptr<Linted> lint_file(const File& file) {
  return lint_with(real_inputs({.root = file.parent_path().string(), .run_id = "r1", .now_ms = 0}),
                   file.filename().string());
}

std::unique_ptr<Linted> lint_text(std::string text) {
  auto inputs = std::make_unique<MemoryInputs>();
  inputs->files = {
      {"main.stack", std::move(text)}, {"site", ""}, {"site/Dockerfile", "FROM scratch"}, {"api.py", ""}};
  return lint_with(std::move(inputs), "main.stack");
}

class LintBad : public testing::TestWithParam<File> {};

TEST_P(LintBad, IsToldLikeThis) {
  const auto linted = lint_file(GetParam());
  EXPECT_EQ(linted->codes(), std::set<std::string>{GetParam().filename().string().substr(0, 5)})
      << linted->text();
  golden::compare(File(GetParam()).replace_extension(".expected"), linted->text());
}

INSTANTIATE_TEST_SUITE_P(Golden, LintBad,
                         testing::ValuesIn(golden::files(golden::folder("lint/bad"), ".stack")),
                         linted_name_of);

class LintGood : public testing::TestWithParam<File> {};

TEST_P(LintGood, DoesNotGiveItsFinding) {
  const auto linted = lint_file(GetParam());
  EXPECT_FALSE(linted->diagnostics.has_errors()) << linted->text();
  EXPECT_FALSE(linted->codes().contains(GetParam().filename().string().substr(0, 5))) << linted->text();
}

INSTANTIATE_TEST_SUITE_P(Golden, LintGood,
                         testing::ValuesIn(golden::files(golden::folder("lint/good"), ".stack")),
                         linted_name_of);

class Example : public testing::TestWithParam<File> {};

TEST_P(Example, HasNoFindings) {
  EXPECT_EQ(lint_file(GetParam())->text(), "");
}

std::string example_name(const testing::TestParamInfo<File>& info) {
  return golden::test_name(
      File(info.param.parent_path().filename().string() + "_" + info.param.stem().string()));
}
INSTANTIATE_TEST_SUITE_P(Lint, Example,
                         testing::ValuesIn(golden::files(File(CAIRN_SOURCE_DIR) / "examples", ".stack")),
                         example_name);

TEST(Lint, EveryExampleOfAPageGivesItsFindingAndNoOther) {
  std::string before;
  for (const CodePage& page : lint::lint_codes()) {
    EXPECT_LT(before, page.code);
    before = page.code;
    const auto linted = lint_text(std::string(page.example));
    EXPECT_EQ(linted->codes(), std::set<std::string>{before}) << page.code << "\n" << linted->text();
  }
}

TEST(Lint, EveryCodeHasAPageAndBothGoldens) {
  std::set<std::string> pages, sources, bad, good;
  for (const CodePage& page : lint::lint_codes()) pages.insert(std::string(page.code));
  for (const File& file : golden::files(golden::folder("lint/bad"), ".stack"))
    bad.insert(file.filename().string().substr(0, 5));
  for (const File& file : golden::files(golden::folder("lint/good"), ".stack"))
    good.insert(file.filename().string().substr(0, 5));
  const std::regex code("\"(L0[0-9]{3})\"");
  for (const File& file : golden::files(File(CAIRN_SOURCE_DIR) / "interpreter" / "lint", ".cc")) {
    if (file.filename() == "codes.cc") continue;
    const std::string text = golden::read(file);
    for (std::sregex_iterator found(text.begin(), text.end(), code), end; found != end; ++found)
      sources.insert((*found)[1]);
  }
  EXPECT_EQ(pages, sources);
  EXPECT_EQ(pages, bad);
  EXPECT_EQ(pages, good);
}

TEST(Lint, ARaceWithinALibraryIsToldWhereTheInstancesStand) {
  const auto linted = lint_text(
      "use \"std/postgres\"\nvolume v\npostgres.server a { data = v }\npostgres.server b { data = v }\n");
  ASSERT_EQ(linted->codes(), std::set<std::string>{"L0401"}) << linted->text();
  EXPECT_EQ(
      linted->sources
          .place(linted->told.all().front().primary.span.file, linted->told.all().front().primary.span.begin)
          .line,
      4u)
      << linted->text();
}

TEST(Lint, APathThatALibraryWasGivenIsToldWhereItWasGiven) {
  const auto linted = lint_text("use \"std/nginx\"\nnginx.server docs { root = \"./nowhere\" }\n");
  ASSERT_EQ(linted->codes(), std::set<std::string>{"L0506"}) << linted->text();
  EXPECT_EQ(
      linted->sources
          .place(linted->told.all().front().primary.span.file, linted->told.all().front().primary.span.begin)
          .line,
      2u)
      << linted->text();
}

// The library's texts are held to the same rules, but that nobody uses its kinds here.
TEST(Lint, TheTextsOfTheLibraryHaveNoFindings) {
  for (const stdlib::Embedded& embedded : stdlib::all()) {
    if (embedded.name.find('/') != std::string_view::npos) continue;
    const std::string text(embedded.text);
    const auto linted = lint_text(text);
    EXPECT_FALSE(linted->diagnostics.has_errors()) << embedded.name << linted->text();
    for (const Diagnostic& finding : linted->told.all())
      EXPECT_EQ(finding.code, "L0601") << embedded.name << "\n" << linted->text();
  }
}

TEST(Lint, IterationsOfOneTextAreToldOnce) {
  const auto linted =
      lint_text("volume v\nfor i in range(50) { run t { image = \"x:1\" ; mounts = { \"/v\" = v } } }\n");
  EXPECT_EQ(linted->told.all().size(), 1u) << linted->text();
}

TEST(Lint, AnAllowanceCoversItsStatementOnly) {
  const auto linted = lint_text(
      "# cairn: allow L0502 because it has no other\nrun a { image = \"x\" }\nrun b { image = \"y\" }\n");
  ASSERT_EQ(linted->told.all().size(), 1u) << linted->text();
  EXPECT_NE(linted->told.all().front().message.find("`y`"), std::string::npos);
}

// Random programs of all shapes: never an answer that the order of the graph contradicts.
TEST(Lint, TellsNoRaceBetweenStepsThatAreOrdered) {
  for (const std::string& text :
       {generated::chain(200), generated::ladder(200), generated::heap(200), generated::wide(200)})
    EXPECT_EQ(lint_text(text)->codes().count("L0401"), 0u);
}

}  // namespace
}  // namespace cairn
