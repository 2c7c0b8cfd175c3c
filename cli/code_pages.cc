#include "cli/code_pages.h"

namespace cairn::cli {

std::vector<CodePage> all_code_pages() {
  std::vector<CodePage> pages = syntax_codes();
  return pages;
}

}  // namespace cairn::cli
