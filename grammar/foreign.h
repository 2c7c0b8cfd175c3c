// Files that are not ours at all. Private to the parser.
#pragma once

#include <cstdint>
#include <string_view>

#include "grammar/diagnostic.h"

namespace cairn {

// Reports a text that is not UTF-8, holds control characters, or is too large; false when it can be parsed.
bool refuse_binary(std::string_view text, std::uint32_t file, Diagnostics& diagnostics);

// Of a text that did not parse: when it is YAML, JSON or another well-known format, says so in one
// diagnostic.
bool explain_foreign(std::string_view text, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace cairn
