// Literals whose text needs more than a grammar rule: numbers, and the texts between quotes. Private to the
// parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "grammar/diagnostic.h"
#include "grammar/syntax.h"

namespace cairn {

using Number =
    std::variant<syntax::IntLiteral, syntax::FloatLiteral, syntax::DurationLiteral, syntax::SizeLiteral>;

// Reads what looks like a number. On a mistake fills `mistake` (without its span) and returns an int 0.
Number read_number(std::string_view text, Diagnostic& mistake, bool& wrong);

// One piece of a text between its quotes, as written.
struct TextPiece {
  enum class From { source, escape, hole } from = From::source;
  std::string text;
  syntax::ExprPtr hole;
  Span span;
};

// The character an escape like `\n` or `\u{e9}` stands for. False: there is no such character.
bool read_escape(std::string_view escape, std::string& out);

// Takes away the indentation that all lines share: of the lines that hold something, and of the closing
// quotes when they stand alone on theirs. Newlines become LF.
void remove_indentation(std::vector<TextPiece>& pieces);

std::vector<syntax::TextPart> join_pieces(std::vector<TextPiece> pieces);

}  // namespace cairn
