#include "cli/code_pages.h"

#include <algorithm>

#include "interpreter/codes.h"
#include "interpreter/lint/codes.h"

namespace cairn::cli {

std::vector<CodePage> all_code_pages() {
  std::vector<CodePage> pages = syntax_codes();
  for (const std::vector<CodePage>* more : {&program_codes(), &lint::lint_codes()})
    pages.insert(pages.end(), more->begin(), more->end());
  std::sort(pages.begin(), pages.end(), [](const CodePage& a, const CodePage& b) { return a.code < b.code; });
  return pages;
}

}  // namespace cairn::cli
