// The syntax tree as text: `--show syntax`, and what golden tests compare.
#pragma once

#include <string>

#include "grammar/syntax.h"

namespace cairn {

// One statement a line, bodies indented, expressions in prefix form: `setting x = (add a (call f 1))`. Shows
// all that the tree holds but comments that mean nothing; with `spans`, also where each statement and
// expression stands
// (`@begin..end`, bytes). Stable: tools and tests may compare it.
std::string show_syntax(const syntax::File& file, bool spans = false);
std::string show_syntax(const syntax::Expr& expression, bool spans = false);

// Do both say the same? Spans and comments that mean nothing do not count.
bool equal(const syntax::File& a, const syntax::File& b);

}  // namespace cairn
