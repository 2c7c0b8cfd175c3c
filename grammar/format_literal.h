// Literals as text. Private to the formatter.
#pragma once

#include <string>
#include <string_view>

#include "grammar/syntax.h"

namespace cairn {

std::string write_literal(const syntax::NullLiteral& literal);
std::string write_literal(const syntax::BoolLiteral& literal);
std::string write_literal(const syntax::IntLiteral& literal);
std::string write_literal(const syntax::FloatLiteral& literal);
std::string write_literal(const syntax::DurationLiteral& literal);
std::string write_literal(const syntax::SizeLiteral& literal);

// What stands between double quotes to mean `text`.
std::string write_escaped(std::string_view text);

// The source of a text over lines, quotes included, with its content and closing quotes indented by `indent`.
// What it means stays the same. Other texts come back as they are.
std::string reindented(const std::string& source, std::size_t indent);

}  // namespace cairn
