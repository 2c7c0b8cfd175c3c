// Independent mistakes are each told once, however many there are; none hides another, none is told twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "tests/golden.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::size_t errors_in(const Outcome& outcome) {
  const std::vector<Diagnostic> all = outcome.diagnostics.sorted();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const Diagnostic& one) { return one.severity == Severity::error; }));
}

TEST(Mistakes, FiftyGiveFiftyMessages) {
  const auto outcome = compile_text(golden::read(golden::folder("check") / "fifty_mistakes.stack"));
  EXPECT_EQ(errors_in(*outcome), 50u) << outcome->complaints();
  std::set<std::size_t> lines;
  for (const Diagnostic& one : outcome->diagnostics.all()) {
    ASSERT_TRUE(one.primary.span.known());
    lines.insert(outcome->sources.place(one.primary.span.file, one.primary.span.begin).line);
  }
  EXPECT_EQ(lines.size(), 50u) << "each has a line of its own";
}

// The same mistakes, each alone: it gives one message without the others as well.
TEST(Mistakes, OneGivesOneMessage) {
  const std::string stage = "image img { context = \".\" }\nstage test {\n  run one { image = img }\n";
  std::size_t seen = 0;
  for (const std::string& line : lines_of(golden::read(golden::folder("check") / "fifty_mistakes.stack"))) {
    const bool in_file = line.starts_with("let ") || line.starts_with("image ") || line.starts_with("volume ");
    const bool in_stage = line.starts_with("  ") && !line.starts_with("  run one ");
    if (!in_file && !in_stage) continue;
    const auto outcome = compile_text(in_file ? line + "\n" : stage + line + "\n}\n");
    EXPECT_EQ(errors_in(*outcome), 1u) << line << "\n" << outcome->complaints();
    ++seen;
  }
  EXPECT_EQ(seen, 49u) << "all but the one that the others stand beside";
}

}  // namespace
}  // namespace cairn
