// Whatever parses without a mistake can be formatted: it means the same, keeps its comments, and stays as it
// is when it is formatted again.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "grammar/format.h"
#include "grammar/parse.h"
#include "grammar/render.h"
#include "grammar/show.h"

namespace {

void give_up(const char* why, const std::string& first, const std::string& second) {
  std::fprintf(stderr, "%s\n-----\n%s\n-----\n%s\n", why, first.c_str(), second.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  Sources sources;
  Diagnostics diagnostics;
  const std::uint32_t id =
      sources.add("fuzz.stack", "", std::string(reinterpret_cast<const char*>(data), size));
  const syntax::File file = parse(sources, id, diagnostics);
  if (!diagnostics.empty()) return 0;
  const std::string once = format(sources, file);
  const syntax::File again = parse(sources, sources.add("formatted.stack", "", once), diagnostics);
  if (!diagnostics.empty()) give_up("does not parse", once, render(sources, diagnostics));
  if (!equal(file, again)) give_up("means something else", once, show_syntax(file) + show_syntax(again));
  if (file.comments.size() != again.comments.size()) give_up("lost a comment", once, "");
  const std::string twice = format(sources, again);
  if (once != twice) give_up("is not stable", once, twice);
  return 0;
}
