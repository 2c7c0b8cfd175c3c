// Words of Compose, GitHub Actions, GitLab, Azure Pipelines and Terraform, typed where their users would put
// them: each is answered in its one line, in every way of writing it.
#include "interpreter/foreign.h"

#include <fmt/format.h>

#include "grammar/render.h"
#include "tests/golden.h"
#include "tests/interpreter/memory_inputs.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

struct Told {
  Sources sources;
  Diagnostics diagnostics;

  std::size_t answers(std::string_view answer) const {
    std::size_t count = 0;
    for (const Diagnostic& one : diagnostics.all())
      count += static_cast<std::size_t>(std::count(one.helps.begin(), one.helps.end(), answer));
    return count;
  }
};

Told tell(const std::string& text) {
  Told told;
  MemoryInputs inputs;
  inputs.files = {{"main.stack", text}};
  compile({"main.stack", {}, true}, inputs, told.sources, told.diagnostics);
  return told;
}

// A setting is typed into a service, a block into the file; some words have a meaning of their own as a
// block.
std::vector<std::string> ways_of_writing(const ForeignName& word) {
  const std::string name(word.name);
  if (word.block)
    return {name + " { }", name + " x { }", name + " \"x\" { }",
            name + " = 1", name + ": 1",    name + ":\n  x: 1"};
  const std::string head = "service web {\n  image = \"nginx:1.27\"\n  ";
  if (name == "if") return {head + name + " = 1\n}"};  // the word of a statement here, too
  return {head + name + " = 1\n}", head + name + ": 1\n}", head + name + ":\n    x: 1\n}",
          head + name + " { x = 1 }\n}"};
}

TEST(Foreign, EveryWordIsAnsweredOnceInEveryWayOfWritingIt) {
  for (const ForeignName& word : foreign_names())
    for (const std::string& way : ways_of_writing(word)) {
      const Told told = tell("volume other\n" + way + "\n");
      EXPECT_EQ(told.answers(word.answer), 1u) << way << "\n" << render(told.sources, told.diagnostics);
      EXPECT_LE(told.diagnostics.all().size(),
                way.find('"' + std::string("x\"")) == std::string::npos ? 1u : 2u)
          << way << "\n"
          << render(told.sources, told.diagnostics);
    }
}

TEST(Foreign, TheAnswersReadLikeThis) {
  std::string all;
  for (const ForeignName& word : foreign_names()) {
    const std::string way = ways_of_writing(word).front();
    const Told told = tell(way + "\n");
    all += render(told.sources, told.diagnostics) + "\n";
  }
  golden::compare(golden::folder("check") / "foreign_words.txt", all);
}

TEST(Foreign, EveryValueAndFunctionIsAnsweredWhereItStands) {
  const std::string head = "run t { image = \"x:1\" ; env = { A = ";
  std::string all;
  for (const ForeignValue& value : foreign_values()) {
    const Told told = tell(head + std::string(value.name) + " } }\n");
    EXPECT_EQ(told.answers(value.answer), 1u) << value.name << "\n" << render(told.sources, told.diagnostics);
    EXPECT_EQ(told.diagnostics.all().size(), 1u) << value.name;
    all += fmt::format("{}: {}\n", value.name, value.answer);
  }
  for (const ForeignValue& function : foreign_functions()) {
    const Told told = tell(head + std::string(function.name) + "(\"a\") } }\n");
    EXPECT_EQ(told.answers(function.answer), 1u) << function.name << "\n"
                                                 << render(told.sources, told.diagnostics);
    EXPECT_EQ(told.diagnostics.all().size(), 1u) << function.name;
    all += fmt::format("{}(): {}\n", function.name, function.answer);
  }
  golden::compare(golden::folder("check") / "foreign_values.txt", all);
}

// What a kind of ours calls so itself is no foreign word there.
TEST(Foreign, OurOwnSettingsAreNotForeign) {
  const Told told =
      tell("image app { context = \".\" ; tags = [\"a:1\"] ; secrets = { token = secret(\"env:T\") } }\n");
  EXPECT_TRUE(told.diagnostics.empty()) << render(told.sources, told.diagnostics);
}

}  // namespace
}  // namespace cairn
