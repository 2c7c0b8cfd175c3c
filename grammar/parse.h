// Text in, syntax tree out. Every mistake of the file is reported in one run (codes S01xx, grammar/codes.h);
// the tree is always walkable: what did not parse is a Poison expression or is missing.
//
// Limits, each a diagnostic: UTF-8 only, 200 levels of nesting, 1000 syntax mistakes a file.
#pragma once

#include <cstdint>

#include "grammar/diagnostic.h"
#include "grammar/source.h"
#include "grammar/syntax.h"

namespace cairn {

// Parses the text of `file`. Spans point into it.
syntax::File parse(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics);

// Parses a text that is one expression and nothing else, such as the value of `-p name=value`. Blanks,
// newlines and comments around it are allowed. Poison when it did not parse.
syntax::ExprPtr parse_expression(const Sources& sources, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace cairn
