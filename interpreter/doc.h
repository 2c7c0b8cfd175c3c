// The reference, out of the declarations: as Markdown for `cairn doc`, as text for `cairn explain`.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "interpreter/kinds.h"

namespace cairn {

// All kinds with their settings and exports, and all functions: docs/kinds.md.
std::string reference_markdown(Vocabulary& vocabulary, const Sources& sources);

// What `cairn explain` was asked about, as lines for a terminal of at least 80 columns: a kind ("service"), a
// setting or export of it ("service.ready"), a function ("tcp"). A name that is both a kind and a function
// gives both. Or why there is nothing to explain: "no kind or function named `servce`", with the name that is
// probably meant.
struct NothingToExplain {
  std::string message;
  std::string help;  // "did you mean `service`?"; may be empty
};
std::variant<std::string, NothingToExplain> explain_name(Vocabulary& vocabulary, const Sources& sources,
                                                         std::string_view name);

}  // namespace cairn
