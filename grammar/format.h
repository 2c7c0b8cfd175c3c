// The one way to write a file: `cairn fmt`.
//
// Two blanks of indentation; `;` between statements and `,` between elements of one line, nothing but the
// newline between those on lines of their own; the `=` of settings that follow each other line by line are
// aligned. A block or value that was written on one line stays there while the line has at most 120 columns;
// one whose first element stands on a line of its own has every element on its own line. Long texts are
// indented with their setting, their content stays. Comments stay where they are, of several empty lines one.
#pragma once

#include <string>

#include "grammar/source.h"
#include "grammar/syntax.h"

namespace cairn {

// The file in canonical form; ends with one newline, empty for a file without anything. The file must have
// parsed without errors. equal(parse(format(f)), f), and formatting that again changes nothing.
std::string format(const Sources& sources, const syntax::File& file);

// One expression in one line, as `format` would write it. For a tree without a source text (spans unknown)
// texts and numbers are written from their values.
std::string format(const Sources& sources, const syntax::Expr& expression);

}  // namespace cairn
