// What is told about a mistake: from where a must<> rule failed, and the text around it, to a diagnostic.
// Nothing here changes how a file is read, but for two hints to the recovery. Private to the parser.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "grammar/diagnostic.h"
#include "grammar/parse_context.h"

namespace cairn {

struct Situation {
  std::string_view text;
  std::uint32_t file = 0;
  Wanted wanted = Wanted::statement;
  std::uint32_t at = 0;             // where the rule failed
  std::uint32_t statement = 0;      // where the statement around it begins
  const std::vector<Opener>& open;  // the brackets and texts open there
};

struct Explained {
  Diagnostic diagnostic;
  std::optional<std::uint32_t> resume;  // go on from here instead of from the mistake
  bool owns_deeper_lines = false;       // lines indented deeper than the statement belong to the mistake
};

Explained explain(const Situation& situation);

}  // namespace cairn
