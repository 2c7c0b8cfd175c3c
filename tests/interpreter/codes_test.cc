// Every code that the front end gives has a page, and every example gives exactly its code.
#include "interpreter/codes.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "grammar/codes.h"
#include "tests/golden.h"
#include "tests/interpreter/program.h"

namespace cairn {
namespace {

TEST(Codes, EveryExampleGivesItsCodeAndNoOther) {
  for (const CodePage& page : program_codes()) {
    if (page.example.empty()) continue;
    const auto outcome = compile_text(std::string(page.example));
    const std::vector<Diagnostic> found = outcome->diagnostics.sorted();
    ASSERT_EQ(found.size(), 1u) << page.code << "\n" << outcome->complaints();
    EXPECT_EQ(found.front().code, page.code) << outcome->complaints();
  }
}

TEST(Codes, AreInOrderAndEveryOneInTheSourcesHasAPage) {
  std::set<std::string> known;
  std::string before;
  for (const CodePage& page : program_codes()) {
    EXPECT_LT(before, page.code);
    before = page.code;
    known.insert(before);
  }
  for (const CodePage& page : syntax_codes())
    known.insert(std::string(page.code));  // compile() withholds some of these
  const std::regex code("\"([SR]0[0-9]{3})\"");
  for (const char* folder : {"interpreter", "interpreter/check", "interpreter/lower"})
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(CAIRN_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".cc") continue;
      const std::string text = golden::read(entry.path());
      for (std::sregex_iterator found(text.begin(), text.end(), code), end; found != end; ++found)
        EXPECT_TRUE(known.contains((*found)[1])) << (*found)[1] << " in " << entry.path();
    }
}

}  // namespace
}  // namespace cairn
